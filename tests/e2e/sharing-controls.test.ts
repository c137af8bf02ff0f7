import { source as axeSource } from 'axe-core';
import jsQR from 'jsqr';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callApi } from './support/api-client.ts';
import { type DrivenPorthole, drivePorthole } from './support/porthole-app.ts';
import { keepPage } from './support/screens.ts';
import { StreamReader } from './support/stream-reader.ts';
import { TestDisplay, type TestWindow } from './support/test-display.ts';

const LONG = `A title ${'that is longer than anybody wants to read '.repeat(4)}`.trim();

let display: TestDisplay;
let window: TestWindow;
let porthole: DrivenPorthole;
let panel: Page;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  display.paintBackground();
  window = await display.openWindow('Shared Window');
  await display.openWindow(LONG, '320x240');
  porthole = await drivePorthole({ display });
  panel = porthole.panel;
});

afterAll(async () => {
  await porthole?.stop();
  await display?.stop();
});

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 50 });
const button = (name: string | RegExp) => panel.getByRole('button', { name });

async function liveShare(): Promise<Record<string, unknown>> {
  const { body } = await callApi(porthole.url, 'GET', '/api/sessions/active');
  return (body.active_sessions as Record<string, unknown>[])[0] ?? {};
}

/** Keeps pictures of the page, and expects nothing that axe knows to be wrong with it. */
async function keepAccessible(name: string): Promise<void> {
  await keepPage(name, panel);
  await panel.evaluate(axeSource);
  const found = await panel.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; help: string }[] }> };
    };
    return (await axe.run()).violations.map(({ id, help }) => [id, help]);
  });
  expect(found, name).toEqual([]);
}

async function resizePanel(widthPx: number, heightPx: number): Promise<void> {
  await porthole.app.evaluate(
    ({ BrowserWindow }, [width, height]) => {
      for (const each of BrowserWindow.getAllWindows())
        if (each.getTitle().endsWith('Porthole')) each.setContentSize(width, height);
    },
    [widthPx, heightPx] as const,
  );
  await panel.waitForFunction((width) => Math.abs(innerWidth - width) <= 1, widthPx);
}

/** Resolves when every picture in the dialog has come. */
const untilPictures = () =>
  panel.waitForFunction(() => {
    const pictures = [...document.querySelectorAll<HTMLImageElement>('dialog img')];
    return pictures.length > 0 && pictures.every((picture) => picture.naturalWidth > 0);
  });

describe('the source chooser', () => {
  it('shows screens and windows in pictures that are kept up to date, at any width', async () => {
    await button('Choose what to share').click();
    const dialog = panel.getByRole('dialog', { name: 'Choose what to share' });
    await dialog.getByRole('radio', { name: /Entire screen/ }).waitFor();
    expect(await dialog.getByRole('radio', { name: /Entire screen/ }).isChecked()).toBe(true);
    await dialog.getByText('Windows').click();
    await dialog.getByRole('radio', { name: 'Shared Window' }).waitFor();
    await untilPictures();
    for (const widthPx of [320, 420, 700, 1000]) {
      await resizePanel(widthPx, 700);
      await keepAccessible(`chooser-${widthPx}`);
      expect(
        await panel.evaluate(() => document.documentElement.scrollWidth <= innerWidth),
        `${widthPx}`,
      ).toBe(true);
    }
    await resizePanel(420, 700);
    const seen = await dialog.locator('img').first().getAttribute('src');
    await until(async () => expect(await dialog.locator('img').first().getAttribute('src')).not.toBe(seen));
  });

  it('is left with Escape, and taken with the keyboard alone', async () => {
    await panel.keyboard.press('Escape');
    await panel.getByRole('dialog').waitFor({ state: 'detached' });
    await panel.locator('.source-row-name', { hasText: 'Primary screen' }).waitFor();
    await button('Choose what to share').focus();
    await panel.keyboard.press('Enter');
    const dialog = panel.getByRole('dialog');
    await dialog.getByRole('radio', { name: /Entire screen/ }).waitFor();
    await dialog.getByRole('radio', { name: 'Screens' }).focus();
    await panel.keyboard.press('ArrowRight');
    await dialog.getByRole('radio', { name: 'Shared Window' }).focus();
    await panel.keyboard.press('Space');
    await panel.keyboard.press('Enter');
    await panel.getByRole('dialog').waitFor({ state: 'detached' });
    await panel.locator('.source-row-name', { hasText: 'Shared Window' }).waitFor();
  });

  it('starts a share of what was chosen, which is changed, paused and resumed while it is watched', async () => {
    await button(/Screen Share/).click();
    await button(/Sharing/).waitFor();
    await until(async () =>
      expect(await liveShare()).toMatchObject({
        source: { name: 'Shared Window' },
        frame_size: { width: 480, height: 270 },
      }),
    );
    const { stream_url } = await liveShare();
    const reader = await StreamReader.open(`${porthole.url}${stream_url}`);
    await reader.until(() => reader.parts > 3);
    await button(/Pause/).click();
    await button(/Resume/).waitFor();
    expect(await liveShare()).toMatchObject({ paused: true, capture: { state: 'paused' } });
    await button(/Resume/).click();
    await button(/Pause/).waitFor();
    await panel.getByText('Low', { exact: true }).click();
    await until(async () => expect(await liveShare()).toMatchObject({ quality: 'low' }));
    await panel.getByRole('button', { name: /Disconnect/ }).waitFor();
    await resizePanel(420, 900);
    await keepAccessible('sharing-card');

    await button('Choose what to share').click();
    const dialog = panel.getByRole('dialog');
    await dialog.getByText('Screens').click();
    await dialog.getByRole('radio', { name: /Entire screen/ }).click();
    await dialog.getByRole('button', { name: 'Share this instead' }).click();
    await until(async () =>
      expect(await liveShare()).toMatchObject({ source: { kind: 'screen' }, frame_size: { width: 640 } }),
    );
    expect(reader.ended).toBe(false);
    reader.close();
  });

  it('gives a link with a key as a QR code that a camera can read', async () => {
    await panel.getByText('Links for others').first().click();
    await button('Make a link').click();
    await button('QR code').click();
    const dialog = panel.getByRole('dialog', { name: 'Watch on another device' });
    const code = dialog.getByRole('img', { name: 'QR code of the link' });
    await keepAccessible('qr-dialog');
    const { data, info } = await sharp(await code.screenshot())
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    const read = jsQR(new Uint8ClampedArray(data), info.width, info.height)?.data ?? '';
    expect(read).toMatch(/^http:\/\/.*\/(view|stream)\/screen_[0-9a-f]{8}\?key=/);
    expect(await dialog.locator('.qr-link').textContent()).toBe(read);
    await panel.keyboard.press('Escape');
  });

  it('says that the shared window was closed', async () => {
    await button('Choose what to share').click();
    const dialog = panel.getByRole('dialog');
    await dialog.getByText('Windows').click();
    await dialog.getByRole('radio', { name: 'Shared Window' }).click();
    await dialog.getByRole('button', { name: 'Share this instead' }).click();
    await until(async () => expect(await liveShare()).toMatchObject({ source: { name: 'Shared Window' } }));
    await until(async () => expect(await liveShare()).toMatchObject({ capture: { state: 'live' } }));
    await window.close();
    await panel.getByText('The shared window was closed').waitFor();
    await button(/Screen Share/).waitFor();
  });
});
