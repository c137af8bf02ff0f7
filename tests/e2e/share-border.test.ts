import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callApi, startShare } from './support/api-client.ts';
import { runProgram } from './support/child-process.ts';
import { measureSimilarity } from './support/pictures.ts';
import { type DrivenPorthole, drivePorthole } from './support/porthole-app.ts';
import { keepScreen } from './support/screens.ts';
import { StreamReader } from './support/stream-reader.ts';
import { TestDisplay } from './support/test-display.ts';

const RED = { r: 0xc2, g: 0x2f, b: 0x2a };

let display: TestDisplay;
let porthole: DrivenPorthole;
/** The display with nothing on it but its background. */
let empty: Buffer;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  display.paintBackground();
  empty = display.grab();
  porthole = await drivePorthole({ display });
  // What is compared below is the background alone.
  await porthole.app.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows()) if (window.isVisible()) window.minimize();
  });
});

afterAll(async () => {
  await porthole?.stop();
  await display?.stop();
});

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 50 });

async function pixelAt(picture: Buffer, left: number, top: number) {
  const { data } = await sharp(picture)
    .extract({ left, top, width: 1, height: 1 })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { r: data[0], g: data[1], b: data[2] };
}

/** Which of the four edges of the display are red, in the order top, bottom, left, right. */
async function redEdges(): Promise<boolean[]> {
  const picture = display.grab();
  const edges = [
    [200, 1],
    [200, 798],
    [1, 400],
    [1278, 400],
  ] as const;
  return Promise.all(
    edges.map(async ([x, y]) => JSON.stringify(await pixelAt(picture, x, y)) === JSON.stringify(RED)),
  );
}

/** What the border says, or null if there is none. */
async function borderText(): Promise<string | null> {
  const page = porthole.app.windows().find((each) => each.url().includes('border.porthole.invalid'));
  return page ? page.locator('body').textContent() : null;
}

const inner = (picture: Buffer): Promise<Buffer> =>
  sharp(picture).extract({ left: 10, top: 60, width: 1260, height: 730 }).png().toBuffer();

describe('the border around a shared screen', () => {
  it('is not there where viewers would see it, unless it is wanted', async () => {
    await until(() => expect(measureSimilarity(display.grab(), empty)).toBeGreaterThan(0.999));
    const sessionId = await startShare(porthole.url, 'low');
    const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
    await reader.until(() => reader.parts > 0);
    expect(await borderText()).toBeNull();
    await callApi(porthole.url, 'POST', '/api/settings', { shareBorder: 'always' });
    await until(async () =>
      expect(await borderText()).toBe('● This screen is watched by you, with a program'),
    );
    reader.close();
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    await until(() => expect(measureSimilarity(display.grab(), empty)).toBeGreaterThan(0.999));
  });

  it('is there with the share, names who watches, and leaves the screen as it is', async () => {
    const sessionId = await startShare(porthole.url, 'low');
    await until(async () => expect(await redEdges()).toEqual([true, true, true, true]));
    await until(async () => expect(await borderText()).toBe('● This screen is shared; nobody watches'));
    expect(measureSimilarity(await inner(display.grab()), await inner(empty))).toBeGreaterThan(0.999);

    const { body } = await callApi(porthole.url, 'POST', `/api/screen_share/${sessionId}/keys`, {
      name: '<b>Ann & Bob</b>',
    });
    const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}?key=${body.key}`);
    await until(async () => expect(await borderText()).toBe('● This screen is watched by <b>Ann & Bob</b>'));
    await until(async () => {
      const badge = await pixelAt(display.grab(), 640, 24);
      expect(badge).toEqual(RED);
    });
    keepScreen('share-border', display.grab());

    await callApi(porthole.url, 'POST', `/api/screen_share/update/${sessionId}`, { paused: true });
    await until(async () => expect(await redEdges()).toEqual([false, false, false, false]));
    await callApi(porthole.url, 'POST', `/api/screen_share/update/${sessionId}`, { paused: false });
    await until(async () => expect(await redEdges()).toEqual([true, true, true, true]));
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    await until(async () => expect(await redEdges()).toEqual([false, false, false, false]));
    // Off the screen before its page has ended.
    await until(async () => expect(await borderText()).toBeNull());
    await reader.untilEnd();
    await until(() => expect(measureSimilarity(display.grab(), empty)).toBeGreaterThan(0.999));
  });

  it('lets clicks through', async () => {
    const sessionId = await startShare(porthole.url, 'low');
    await until(async () => expect(await redEdges()).toEqual([true, true, true, true]));
    const window = await display.openWindow('Below the border', '1280x800');
    runProgram('xdotool', ['windowmove', '--sync', window.id, '0', '0'], display.env);
    const below = display.windowAt(640, 400);
    expect(display.windowAt(640, 10)).toBe(below);
    expect(display.windowAt(300, 1)).toBe(below);
    expect(display.windowAt(1, 400)).toBe(below);
    // Still above that window.
    expect(await redEdges()).toEqual([true, true, true, true]);
    await window.close();
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
  });
});
