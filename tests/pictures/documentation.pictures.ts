import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { OwnHome } from '../../scripts/own-home.mjs';
import { callApi } from '../e2e/support/api-client.ts';
import { NotificationServer } from '../e2e/support/notification-server.ts';
import { chromePath, type DrivenPorthole, drivePorthole, REPOSITORY } from '../e2e/support/porthole-app.ts';
import { TestDisplay } from '../e2e/support/test-display.ts';
import { launchViewerBrowser } from '../e2e/support/viewer-browser.ts';

const FOLDER = path.join(REPOSITORY, 'docs/images');

let display: TestDisplay;
let server: NotificationServer;
let porthole: DrivenPorthole;
let browser: Browser;
/** Of the browser that shows what is shared. */
const desk = OwnHome.make('desk');

beforeAll(async () => {
  mkdirSync(FOLDER, { recursive: true });
  display = await TestDisplay.start();
  server = await NotificationServer.start(display);
  await showDesk();
  porthole = await drivePorthole({
    display,
    env: server.env,
    args: ['--session-timeout-minutes', '30'],
  });
  browser = await launchViewerBrowser();
});

afterAll(async () => {
  await browser?.close();
  await porthole?.stop();
  await server?.stop();
  await desk.remove();
  await display?.stop();
});

it('pictures the panel while somebody watches and an AI agent asks, and the page of whoever watches', async () => {
  const { panel, url } = porthole;
  await panel.getByRole('button', { name: /Screen Share/ }).click();
  await panel.getByText('Sharing (active)').waitFor();
  const { body } = await callApi(url, 'GET', '/api/sessions/active');
  const [share] = body.active_sessions as { session_id: string }[];
  const key = await callApi(url, 'POST', `/api/screen_share/${share?.session_id}/keys`, { name: 'Grace' });
  const viewer = await browser.newPage({ viewport: { width: 1200, height: 760 }, deviceScaleFactor: 1.5 });
  await viewer.goto(new URL(String(key.body.view_url), url).href);
  await viewer.getByRole('banner').getByText('Live').waitFor();
  await panel.getByText('Grace').first().waitFor();
  await viewer.mouse.move(600, 400);
  await keep('viewer', viewer);

  const started = await callApi(url, 'POST', '/api/remote/start', { user_id: 'Research agent' });
  await callApi(url, 'POST', `/api/remote/execute/${started.body.session_id}`, {
    operation: 'run',
    argv: ['df', '-h'],
    cwd: '/',
    reason: 'To see whether the data set fits',
  });
  await panel
    .getByRole('button', { name: /^Allow/ })
    .first()
    .waitFor();
  await panel.setViewportSize({ width: 420, height: 1400 });
  await keep('panel', panel);
});

/** Fills the display with what is shared in the pictures. */
async function showDesk(): Promise<void> {
  const switches = ['--no-first-run', '--disable-gpu', '--disable-sync', '--disable-background-networking'];
  if (process.getuid?.() === 0) switches.push('--no-sandbox', '--test-type');
  const page = `file://${path.join(import.meta.dirname, 'desk.html')}`;
  const args = [...switches, `--user-data-dir=${desk.place('profile')}`, '--kiosk', page];
  desk.spawn(chromePath(), args, { env: display.seat, stdio: 'ignore' });
  await vi.waitFor(() => expect(display.activeWindowTitle()).toContain('Desk'), 30_000);
}

/** Keeps a page in light and in dark, small enough for a repository. */
async function keep(name: string, page: Page): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const png = await page.screenshot();
    await sharp(png)
      .png({ palette: true, quality: 90 })
      .toFile(path.join(FOLDER, `${name}-${colorScheme}.png`));
  }
}
