import type { Rectangle } from 'electron';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { callApi, startShare } from './support/api-client.ts';
import { type DrivenPorthole, drivePorthole, findPage } from './support/porthole-app.ts';
import { keepScreen } from './support/screens.ts';
import { TestDisplay } from './support/test-display.ts';

const RED = [0xc2, 0x2f, 0x2a];

let display: TestDisplay;
let porthole: DrivenPorthole;

async function start(scale: number): Promise<void> {
  display = await TestDisplay.start(1920, 1080);
  display.paintBackground();
  porthole = await drivePorthole({ display, args: [`--force-device-scale-factor=${scale}`] });
  await callApi(porthole.url, 'POST', '/api/settings', { shareBorder: 'always' });
}

afterEach(async () => {
  await porthole?.stop();
  await display?.stop();
});

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 50 });

/** Where the border's line of text is, null if it is not there; and where the agent's own windows are. */
const look = (): Promise<{ label: Rectangle | null; own: Rectangle[] }> =>
  porthole.app.evaluate(({ BrowserWindow }) => {
    const seen = BrowserWindow.getAllWindows().filter((window) => window.isVisible());
    const isLabel = (window: Electron.BrowserWindow): boolean =>
      window.webContents.getURL().includes('border.porthole.invalid');
    return {
      label: seen.find(isLabel)?.getBounds() ?? null,
      own: seen.filter((window) => !isLabel(window)).map((window) => window.getBounds()),
    };
  });

const intersects = (a: Rectangle, b: Rectangle): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

/** The left edge of the screen is that of the border, whatever lies elsewhere. */
const hasStrip = (): boolean => String(display.pixel(1, 700)) === String(RED);

/** Does something with the panel's window. */
const withPanel = (act: 'hide' | 'show' | { readonly x: number; readonly y: number }): Promise<void> =>
  porthole.app.evaluate(
    ({ BrowserWindow }, wanted) => {
      const { url, deed } = wanted;
      const panel = BrowserWindow.getAllWindows().find((window) =>
        window.webContents.getURL().startsWith(url),
      );
      if (deed === 'hide') panel?.hide();
      else if (deed === 'show') panel?.showInactive();
      else panel?.setPosition(deed.x, deed.y);
    },
    { url: porthole.url, deed: act },
  );

describe('the line of text of a border', () => {
  it('makes room for the prompt where the screen is small, and is back when that has gone', async () => {
    await start(4);
    await withPanel('hide');
    await startShare(porthole.url, 'low');
    await until(async () => {
      expect(hasStrip()).toBe(true);
      expect((await look()).label).not.toBeNull();
    });
    keepScreen('border-scaled-4', display.grab());
    const { body } = await callApi(porthole.url, 'POST', '/api/remote/start', {
      user_id: 'ann',
      safety_mode: 'autonomous',
    });
    await until(async () => {
      const { label, own } = await look();
      expect(own).toHaveLength(1);
      expect(own.some((area) => label !== null && intersects(label, area))).toBe(false);
    });
    expect(hasStrip()).toBe(true);
    const prompt = await findPage(porthole.app, ({ pathname }) => pathname === '/prompt.html');
    await prompt.getByRole('button', { name: 'Deny' }).waitFor();
    keepScreen('border-scaled-4-prompt', display.grab());
    await callApi(porthole.url, 'POST', `/api/remote/stop/${body.session_id}`);
    await until(async () => {
      const { label, own } = await look();
      expect(own).toEqual([]);
      expect(label).not.toBeNull();
    });
  });

  it('goes out of the way of the panel wherever that is put', async () => {
    await start(1);
    await startShare(porthole.url, 'low');
    for (const { at, labelY } of [
      { at: { x: 750, y: 10 }, labelY: 1080 - 26 },
      { at: { x: 750, y: 360 }, labelY: 0 },
      { at: { x: 750, y: 10 }, labelY: 1080 - 26 },
      { at: { x: 100, y: 10 }, labelY: 0 },
    ]) {
      await withPanel(at);
      await until(async () => {
        const { label, own } = await look();
        expect(own.map(({ x }) => Math.abs(x - at.x) < 20)).toEqual([true]);
        expect(label?.y).toBe(labelY);
        expect(label && own.some((area) => intersects(label, area))).toBe(false);
      });
    }
    await withPanel({ x: 750, y: 10 });
    await until(async () => expect((await look()).label?.y).toBe(1080 - 26));
    await withPanel('hide');
    await until(async () => expect((await look()).label?.y).toBe(0));
  });
});
