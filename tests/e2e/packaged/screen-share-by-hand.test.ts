import path from 'node:path';
import Database from 'libsql';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi } from '../support/api-client.ts';
import { runProgram } from '../support/child-process.ts';
import { measureSimilarity } from '../support/pictures.ts';
import { PortholeProcess } from '../support/porthole-app.ts';
import { type MovingPicture, TestDisplay } from '../support/test-display.ts';
import { launchViewerBrowser } from '../support/viewer-browser.ts';

/*
 * Nothing here gets inside the app, as it is shipped: the panel is clicked with the display's mouse, and a browser
 * plays what comes out.
 */

let display: TestDisplay;
let picture: MovingPicture;
let porthole: PortholeProcess;
let browser: Browser;

beforeAll(async () => {
  display = await TestDisplay.start();
  display.paintBackground();
  picture = display.startMovingPicture();
  porthole = await PortholeProcess.start({ display });
  browser = await launchViewerBrowser();
});

afterAll(async () => {
  await browser?.close();
  await porthole?.discard();
  await display?.stop();
});

/** The panel's window on the display: its id and where its content is. */
interface PanelWindow {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function xdotool(...args: string[]): string {
  return runProgram('xdotool', args, display.env).toString().trim();
}

/** Puts the panel where nothing covers it. */
function placePanel(): PanelWindow {
  const id = xdotool('search', '--sync', '--onlyvisible', '--name', '^Porthole$').split('\n')[0] ?? '';
  xdotool('windowmove', '--sync', id, '20', '60');
  const geometry = xdotool('getwindowgeometry', '--shell', id);
  const read = (name: string): number =>
    Number(new RegExp(`^${name}=(-?\\d+)$`, 'm').exec(geometry)?.[1] ?? Number.NaN);
  return { id, x: read('X'), y: read('Y'), width: read('WIDTH'), height: read('HEIGHT') };
}

function grabWindow({ id }: PanelWindow): Buffer {
  return runProgram('import', ['-window', id, 'png:-'], display.env);
}

/** The panel's page in a browser, as large as the panel: what is where in the one is there in the other. */
async function openTwin(panel: PanelWindow): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: panel.width, height: panel.height } });
  await page.goto(porthole.url);
  await page.getByRole('button', { name: /Screen Share/ }).waitFor();
  return page;
}

async function liveSessions(): Promise<Record<string, unknown>[]> {
  const { body } = await callApi(porthole.url, 'GET', '/api/sessions/active');
  return body.active_sessions as Record<string, unknown>[];
}

describe('a share that is started and stopped by clicks on the installed app', () => {
  it('shows in a browser what is on the display', async () => {
    const panel = placePanel();
    const twin = await openTwin(panel);
    // The panel has painted what the browser shows.
    await expect
      .poll(async () => measureSimilarity(grabWindow(panel), await twin.screenshot({ type: 'png' })), {
        timeout: 20_000,
      })
      .toBeGreaterThan(0.9);
    const button = await twin.getByRole('button', { name: /Screen Share/ }).boundingBox();
    if (!button) throw new Error('The button is nowhere');
    await twin.close();
    const clickButton = (): void => {
      const x = Math.round(panel.x + button.x + button.width / 2);
      const y = Math.round(panel.y + button.y + button.height / 2);
      xdotool('mousemove', `${x}`, `${y}`, 'click', '1');
    };

    clickButton();
    await expect.poll(liveSessions, { timeout: 20_000 }).toHaveLength(1);
    const [session] = await liveSessions();
    expect(session).toMatchObject({ type: 'screen_share', status: 'active', quality: 'medium' });

    // The panel counts seconds on the very display that is compared.
    const shown = grabWindow(panel);
    xdotool('windowminimize', '--sync', panel.id);
    const page = await browser.newPage({ viewport: { width: 1920, height: 1080 } });
    await page.goto(`${porthole.url}${session?.stream_url}`, { waitUntil: 'commit' });
    await page.waitForFunction(() => (document.images[0]?.naturalWidth ?? 0) > 0);
    const before = await page.screenshot({ type: 'png' });
    await expect
      .poll(async () => measureSimilarity(await page.screenshot({ type: 'png' }), before), {
        timeout: 20_000,
      })
      .toBeLessThan(0.999);
    picture.freeze();
    await expect
      .poll(
        async () => measureSimilarity(await page.locator('img').screenshot({ type: 'png' }), display.grab()),
        { timeout: 20_000 },
      )
      .toBeGreaterThan(0.93);
    picture.resume();
    await page.close();

    xdotool('windowmap', '--sync', panel.id);
    await expect
      .poll(() => measureSimilarity(grabWindow(panel), shown), { timeout: 20_000 })
      .toBeGreaterThan(0.9);
    clickButton();
    await expect.poll(liveSessions, { timeout: 20_000 }).toHaveLength(0);
  });

  it('leaves no cookie on disk, so that there is none to encrypt', async () => {
    expect(await porthole.stop()).toBe(0);
    const cookies = new Database(path.join(porthole.dataDir, 'chromium/Cookies'), { readonly: true });
    expect(cookies.prepare('SELECT name FROM cookies').all()).toEqual([]);
    cookies.close();
  });
});
