import { connect } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, startShare } from './support/api-client.ts';
import { measureSimilarity } from './support/pictures.ts';
import { type DrivenPorthole, drivePorthole } from './support/porthole-app.ts';
import { StreamReader } from './support/stream-reader.ts';
import { type MovingPicture, TestDisplay } from './support/test-display.ts';
import { launchViewerBrowser } from './support/viewer-browser.ts';

let display: TestDisplay;
let picture: MovingPicture;
let porthole: DrivenPorthole;
let browser: Browser;

beforeAll(async () => {
  display = await TestDisplay.start();
  display.paintBackground();
  picture = display.startMovingPicture();
  porthole = await drivePorthole({ display });
  browser = await launchViewerBrowser();
});

afterAll(async () => {
  await browser?.close();
  await porthole?.stop();
  await display?.stop();
});

/** A page of another site's kind: nothing but an `<img>` that plays the stream, as large as the stream is. */
async function openViewer(streamUrl: string): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
  await page.goto(streamUrl, { waitUntil: 'commit' });
  await page.locator('img').waitFor();
  await page.waitForFunction(() => (document.images[0]?.naturalWidth ?? 0) > 0);
  return page;
}

describe('a screen share, from the button to the browser', () => {
  it('shows in the browser what is on the display, and moves as it moves', async () => {
    const { panel } = porthole;
    await panel.getByRole('button', { name: /Screen Share/ }).click();
    await panel.getByRole('button', { name: /Sharing/ }).waitFor();
    const link = panel.getByRole('link', { name: /\/stream\/screen_/ }).first();
    const streamUrl = new URL((await link.getAttribute('href')) ?? '', porthole.url).href;

    // The panel counts seconds on the very display that is compared below; it goes out of the picture.
    await porthole.app.evaluate(({ BrowserWindow }) => {
      for (const window of BrowserWindow.getAllWindows()) if (window.isVisible()) window.minimize();
    });

    const page = await openViewer(streamUrl);
    const before = await page.screenshot({ type: 'png' });
    await expect
      .poll(async () => measureSimilarity(await page.screenshot({ type: 'png' }), before), {
        timeout: 20_000,
      })
      .toBeLessThan(0.999);

    picture.freeze();
    const shown = await page.locator('img').boundingBox();
    expect(shown).toMatchObject({ width: 1280, height: 720 });
    await expect
      .poll(
        async () => measureSimilarity(await page.locator('img').screenshot({ type: 'png' }), display.grab()),
        {
          timeout: 20_000,
        },
      )
      .toBeGreaterThan(0.93);
    picture.resume();
    await page.close();

    const sessionId = streamUrl.split('/').at(-1);
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    await panel.getByRole('button', { name: /Screen Share/ }).waitFor();
  });

  it.each([
    ['low', 640, 360],
    ['medium', 1280, 720],
    ['high', 1920, 1080],
  ] as const)(
    'has frames of the size of preset %s, alike with the display',
    async (quality, width, height) => {
      const sessionId = await startShare(porthole.url, quality);
      const reader = await StreamReader.open(`${porthole.url}/stream/${sessionId}`);
      await reader.until(() => reader.parts > 2);
      const status = await callApi(porthole.url, 'GET', `/api/screen_share/status/${sessionId}`);
      expect(status.body.frame_size).toEqual({ width, height });

      picture.freeze();
      await expect
        .poll(() => measureSimilarity(reader.newest?.jpeg ?? Buffer.alloc(0), display.grab()), {
          timeout: 20_000,
        })
        .toBeGreaterThan(0.97);
      picture.resume();
      reader.close();
      await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    },
  );

  it('takes single pictures, as they are in the stream and in any size and format', async () => {
    const sessionId = await startShare(porthole.url, 'medium');
    const take = async (query: string) => {
      const answer = await fetch(`${porthole.url}/stream/${sessionId}/snapshot${query}`);
      expect([answer.status, answer.headers.get('content-type')?.split('/')[0]]).toEqual([200, 'image']);
      return Buffer.from(await answer.arrayBuffer());
    };
    picture.freeze();
    await expect
      .poll(async () => measureSimilarity(await take(''), display.grab()), { timeout: 20_000 })
      .toBeGreaterThan(0.97);
    for (const [query, magic] of [
      ['?format=jpeg&quality=90', 'ffd8ff'],
      ['?format=png', '89504e47'],
      ['?format=webp&width=640', '52494646'],
    ] as const) {
      const made = await take(query);
      expect(made.subarray(0, magic.length / 2).toString('hex')).toBe(magic);
      expect(measureSimilarity(made, display.grab()), query).toBeGreaterThan(0.9);
    }
    picture.resume();
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
  });

  it('serves two viewers at once, and is not held up by one that reads nothing', async () => {
    const sessionId = await startShare(porthole.url, 'high');
    const streamUrl = `${porthole.url}/stream/${sessionId}`;
    const deaf = connect(Number(new URL(porthole.url).port), '127.0.0.1');
    deaf.pause();
    deaf.write(`GET /stream/${sessionId} HTTP/1.1\r\nHost: ${new URL(porthole.url).host}\r\n\r\n`);
    const first = await StreamReader.open(streamUrl);
    const second = await StreamReader.open(streamUrl);
    const viewers = async (): Promise<unknown> =>
      (await callApi(porthole.url, 'GET', `/api/screen_share/status/${sessionId}`)).body.viewers;
    await expect.poll(viewers).toBe(3);
    await first.until(() => first.parts > 60);
    await second.until(() => second.parts > 60);

    first.close();
    await expect.poll(viewers).toBe(2);
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    await second.untilEnd();
    deaf.destroy();
  });

  it('ends every stream when the session stops, and answers 410 and 404 in JSON afterwards', async () => {
    const sessionId = await startShare(porthole.url, 'medium');
    const readers = await Promise.all(
      [1, 2, 3].map(() => StreamReader.open(`${porthole.url}/stream/${sessionId}`)),
    );
    await Promise.all(readers.map((reader) => reader.until(() => reader.parts > 0)));
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
    await Promise.all(readers.map((reader) => reader.untilEnd()));
    expect(await callApi(porthole.url, 'GET', `/stream/${sessionId}`)).toMatchObject({
      status: 410,
      body: { success: false, error: 'stream_ended' },
    });
    expect(await callApi(porthole.url, 'GET', '/stream/screen_00000000')).toMatchObject({
      status: 404,
      body: { success: false, error: 'session_not_found' },
    });
  });
});
