import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { source as axeSource } from 'axe-core';
import type { Browser, BrowserContext, BrowserContextOptions, CDPSession, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { OwnHome } from '../../scripts/own-home.mjs';
import { callApi, startShare } from './support/api-client.ts';
import { makeHome, PortholeProcess } from './support/porthole-app.ts';
import { keepPage } from './support/screens.ts';
import { type MovingPicture, TestDisplay } from './support/test-display.ts';
import { launchViewerBrowser } from './support/viewer-browser.ts';

/** This machine's address as others see it: who comes from there is nobody that the agent knows. */
const outside = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

const DESKTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 320, height: 568 }, isMobile: true, hasTouch: true };

let display: TestDisplay;
let picture: MovingPicture;
let porthole: PortholeProcess;
let browser: Browser;
let farUrl = '';
let contexts: BrowserContext[] = [];
/** What the pages complained of, such as a script that their policy forbids. */
const complaints: string[] = [];

const start = async (more: { home?: OwnHome; port?: string } = {}): Promise<PortholeProcess> => {
  const args = ['--hidden', '--allow-network-viewers', ...(more.port ? ['--port', more.port] : [])];
  const started = await PortholeProcess.start({ display, args, home: more.home ?? makeHome() });
  farUrl = `http://${outside}:${new URL(started.url).port}`;
  return started;
};

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  display.paintBackground();
  picture = display.startMovingPicture();
  porthole = await start();
  browser = await launchViewerBrowser();
});

afterAll(async () => {
  await browser?.close();
  await porthole?.discard();
  await display?.stop();
});

afterEach(async () => {
  for (const context of contexts) await context.close();
  contexts = [];
  await callApi(porthole.url, 'POST', '/api/sessions/stop_all');
  await callApi(porthole.url, 'POST', '/api/sessions/rearm');
});

const call = (method: string, path: string, body?: unknown) => callApi(porthole.url, method, path, body);

async function openPage(target: string, options: BrowserContextOptions = DESKTOP): Promise<Page> {
  const context = await browser.newContext(options);
  contexts.push(context);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (
      message.type() === 'error' &&
      !/status of 4|Cross-Origin-Opener|ERR_|^WebSocket connection to/.test(message.text())
    )
      complaints.push(message.text());
  });
  await page.goto(`${farUrl}${target}`);
  return page;
}

async function makeLink(sessionId: string): Promise<{ viewUrl: string; keyId: string }> {
  const { body } = await call('POST', `/api/screen_share/${sessionId}/keys`, { name: 'a friend' });
  return { viewUrl: String(body.view_url), keyId: String(body.key_id) };
}

/** Resolves when the page says, beside the picture, that this is how it stands. */
async function untilItSays(page: Page, label: string): Promise<void> {
  await page
    .locator('.status-label', { hasText: new RegExp(`^${label}$`) })
    .waitFor({ state: 'attached', timeout: 30_000 });
}

/** The colours of some points of the picture that is shown. */
async function lookAt(page: Page): Promise<string> {
  return page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
    const copy = document.createElement('canvas');
    copy.width = 64;
    copy.height = 36;
    const context = copy.getContext('2d');
    context?.drawImage(canvas, 0, 0, 64, 36);
    return [...(context?.getImageData(0, 0, 64, 36).data ?? [])].join();
  });
}

async function untilItMoves(page: Page): Promise<void> {
  const before = await lookAt(page);
  await expect.poll(() => lookAt(page)).not.toBe(before);
}

/** Keeps pictures of a page, and expects nothing that axe knows to be wrong with it in either scheme. */
async function keepAccessible(name: string, page: Page): Promise<void> {
  await keepPage(`viewer-${name}`, page);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.evaluate(axeSource);
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as {
        axe: { run(): Promise<{ violations: { id: string; nodes: { target: unknown[] }[] }[] }> };
      };
      return (await axe.run()).violations.map(({ id, nodes }) => [
        id,
        ...nodes.map(({ target }) => target.join(' ')),
      ]);
    });
    expect(violations, `${name}, ${colorScheme}`).toEqual([]);
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), name).toBe(true);
}

const canvasBox = async (page: Page) =>
  (await page.locator('canvas').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };

/** Two fingers that move apart around the middle of the page. */
async function pinch(page: Page, session: CDPSession): Promise<void> {
  const touch = (type: string, apart: number) =>
    session.send('Input.dispatchTouchEvent', {
      type: type as 'touchStart',
      touchPoints:
        type === 'touchEnd' ? [] : [-1, 1].map((side, id) => ({ x: 160 + side * apart, y: 284, id })),
    });
  await touch('touchStart', 30);
  for (let apart = 40; apart <= 110; apart += 10) await touch('touchMove', apart);
  await touch('touchEnd', 0);
  await page.waitForFunction(() => (document.querySelector('canvas')?.clientWidth ?? 0) > 700);
}

describe('a link with a key', () => {
  it('shows the share at once, keeps the key out of sight, and survives a reload in its tab alone', async () => {
    const { viewUrl } = await makeLink(await startShare(porthole.url, 'medium'));
    const page = await openPage(viewUrl);
    await untilItSays(page, 'Live');
    const { key } = Object.fromEntries(new URL(viewUrl, farUrl).searchParams);
    expect(page.url()).not.toContain('key');
    expect(await page.evaluate(() => document.cookie + JSON.stringify(history.state))).not.toContain(key);
    await untilItMoves(page);
    await page.getByText(/\d fps/).waitFor();
    await page.getByText(/^\d+ ms delay$/).waitFor();
    await keepAccessible('live', page);

    await page.reload();
    await untilItSays(page, 'Live');
    // Neither does the log know it.
    expect(readFileSync(`${porthole.dataDir}/logs/porthole.log`, 'utf8')).not.toContain(key);
    const other = await openPage(new URL(page.url()).pathname);
    await other.getByRole('heading', { name: 'Ask to watch' }).waitFor();
  });

  it('uses one connection for the picture, and one for events', async () => {
    const { viewUrl } = await makeLink(await startShare(porthole.url, 'medium'));
    const page = await openPage(viewUrl);
    await untilItSays(page, 'Live');
    const { body } = await call('GET', '/api/viewers');
    expect(body).toMatchObject({ total: 1, viewers: [{ admitted_by: 'key', name: 'a friend' }] });
  });

  it('is over when it is revoked, when its viewer is sent away, and when it is none', async () => {
    const sessionId = await startShare(porthole.url, 'low');
    const [first, second] = [await makeLink(sessionId), await makeLink(sessionId)];
    const revoked = await openPage(first.viewUrl);
    await untilItSays(revoked, 'Live');
    await call('DELETE', `/api/screen_share/${sessionId}/keys/${first.keyId}`);
    await untilItSays(revoked, 'Link not valid');
    await keepAccessible('bad-link', revoked);

    const kicked = await openPage(second.viewUrl);
    await untilItSays(kicked, 'Live');
    const { viewers } = (await call('GET', '/api/viewers')).body as { viewers: { viewer_id: string }[] };
    await call('POST', `/api/viewers/${viewers[0]?.viewer_id}/kick`);
    await untilItSays(kicked, 'Sent away');
    await kicked.reload();
    await untilItSays(kicked, 'Sent away');
    await kicked.getByRole('button', { name: 'Ask to watch' }).click();
    await kicked.getByLabel(/Your name/).waitFor();

    const wrong = await openPage(`/view/${sessionId}?key=phv_guess`);
    await untilItSays(wrong, 'Link not valid');
    expect((await call('GET', '/api/viewers')).body.total).toBe(0);
  });
});

describe('somebody without a key', () => {
  const NAME = '<img src=x onerror=alert(1)>"\'</script><b>Ada';

  it('asks, waits, and starts by itself when let in; on a phone', async () => {
    const sessionId = await startShare(porthole.url, 'medium');
    const page = await openPage(`/view/${sessionId}`, PHONE);
    await page.getByLabel(/Your name/).fill(NAME);
    await keepAccessible('phone-ask', page);
    await page.getByRole('button', { name: 'Ask to watch' }).click();
    await untilItSays(page, 'Waiting');
    await keepPage('viewer-phone-waiting', page);
    // A reload does not ask twice.
    await page.reload();
    await untilItSays(page, 'Waiting');
    const { approvals } = (await call('GET', '/api/approvals')).body as {
      approvals: { approval_id: string; kind: string; user_id: string }[];
    };
    expect(approvals).toMatchObject([{ kind: 'viewer', user_id: NAME }]);
    await call('POST', `/api/approvals/${approvals[0]?.approval_id}/allow`, {});
    await untilItSays(page, 'Live');
    await untilItMoves(page);
    await keepAccessible('phone-live', page);

    await pinch(page, await page.context().newCDPSession(page));
    expect(await page.evaluate(() => visualViewport?.scale)).toBe(1);
    await page.touchscreen.tap(160, 200);
    await keepPage('viewer-phone-zoomed', page);
  });

  it('is told no, and when nobody answers', async () => {
    const sessionId = await startShare(porthole.url, 'low');
    const page = await openPage(`/view/${sessionId}`);
    await page.getByRole('button', { name: 'Ask to watch' }).click();
    await untilItSays(page, 'Waiting');
    const { approvals } = (await call('GET', '/api/approvals')).body as {
      approvals: { approval_id: string }[];
    };
    await call('POST', `/api/approvals/${approvals[0]?.approval_id}/deny`, {});
    await untilItSays(page, 'Denied');
    await keepPage('viewer-denied', page);
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByRole('alert').waitFor();

    const settings = await call('POST', '/api/settings', { approvalTimeoutSeconds: 1 });
    expect(settings.status).toBe(200);
    const otherShare = await startShare(porthole.url, 'low');
    const late = await openPage(`/view/${otherShare}`);
    await late.getByRole('button', { name: 'Ask to watch' }).click();
    await untilItSays(late, 'No answer');
    await call('POST', '/api/settings', { approvalTimeoutSeconds: 60 });
  });
});

describe('the page', () => {
  it('fits, shows the actual size, pauses, saves and explains, by keys alone', async () => {
    const { viewUrl } = await makeLink(await startShare(porthole.url, 'medium'));
    const page = await openPage(viewUrl, { viewport: { width: 800, height: 600 } });
    await untilItSays(page, 'Live');
    expect(await canvasBox(page)).toMatchObject({ width: 800, height: 450 });
    await page.keyboard.press('1');
    await expect.poll(async () => (await canvasBox(page)).width).toBe(1280);
    const before = await canvasBox(page);
    await page.mouse.move(400, 300);
    await page.mouse.down();
    await page.mouse.move(300, 250, { steps: 4 });
    await page.mouse.up();
    await expect.poll(async () => (await canvasBox(page)).x).toBe(before.x - 100);
    await keepPage('viewer-actual-size', page);
    await page.keyboard.press('0');

    await page.keyboard.press('Space');
    await untilItSays(page, 'Paused');
    await expect.poll(async () => (await call('GET', '/api/viewers')).body.total).toBe(0);
    await keepAccessible('paused', page);
    const [kept] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('s')]);
    expect(kept.suggestedFilename()).toMatch(/^porthole-screen_\w+-[\dT-]+\.jpg$/);
    await page.keyboard.press('k');
    await untilItSays(page, 'Live');
    const [saved] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('s')]);
    expect(saved.suggestedFilename()).toMatch(/\.png$/);
    expect(
      readFileSync(await saved.path())
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');

    await page.keyboard.press('f');
    await expect.poll(() => page.evaluate(() => document.fullscreenElement?.className)).toBe('view');
    await page.keyboard.press('f');
    await page.keyboard.press('?');
    await page.getByRole('heading', { name: 'Help' }).waitFor();
    await keepAccessible('help', page);
    await page.getByLabel('Use the keys').uncheck();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.keyboard.press('Space');
    await page.keyboard.press('1');
    expect((await canvasBox(page)).width).toBe(800);
    await page.getByRole('button', { name: 'Pause' }).click();
    await untilItSays(page, 'Paused');
  });

  it('says when the sharer pauses, and when the share ends', async () => {
    const sessionId = await startShare(porthole.url, 'medium');
    const { viewUrl } = await makeLink(sessionId);
    const page = await openPage(viewUrl);
    await untilItSays(page, 'Live');
    await call('POST', `/api/screen_share/update/${sessionId}`, { paused: true });
    await untilItSays(page, 'Paused there');
    await keepPage('viewer-paused-there', page);
    await call('POST', `/api/screen_share/update/${sessionId}`, { paused: false });
    await untilItSays(page, 'Live');
    await call('POST', '/api/screen_share/stop', { session_id: sessionId, reason: 'Lunch' });
    await untilItSays(page, 'Ended');
    await page.getByText('Lunch.', { exact: true }).waitFor();
    await keepPage('viewer-ended', page);
    await page.reload();
    await untilItSays(page, 'Ended');
  });

  it('tells a screen that stands still from a share that does not answer', async () => {
    const { viewUrl } = await makeLink(await startShare(porthole.url, 'medium'));
    const page = await openPage(viewUrl);
    await untilItSays(page, 'Live');
    picture.freeze();
    await page.getByText('still picture').waitFor();
    await untilItSays(page, 'Live');
    picture.resume();
    await untilItMoves(page);
    porthole.child.kill('SIGSTOP');
    await untilItSays(page, 'Stalled');
    await keepPage('viewer-stalled', page);
    porthole.child.kill('SIGCONT');
    await untilItSays(page, 'Live');
    await untilItMoves(page);
  });

  it('shows single pictures where something in between keeps streams back', async () => {
    const { viewUrl } = await makeLink(await startShare(porthole.url, 'medium'));
    const context = await browser.newContext(DESKTOP);
    contexts.push(context);
    const page = await context.newPage();
    // As a proxy does that hands an answer on when it is complete: never.
    await page.route(/\/stream\/screen_\w+\?/, () => undefined);
    await page.goto(`${farUrl}${viewUrl}`);
    await untilItSays(page, 'Live');
    await page.getByText('single pictures').waitFor();
    await untilItMoves(page);
    await keepPage('viewer-single-pictures', page);
  });

  it('comes back to an agent that was killed, and says the truth', async () => {
    const sessionId = await startShare(porthole.url, 'low');
    const { viewUrl } = await makeLink(sessionId);
    const page = await openPage(viewUrl);
    const own = await openPage(`/view/${sessionId}`);
    await untilItSays(page, 'Live');
    await own.goto(`${porthole.url}/view/${sessionId}`);
    await untilItSays(own, 'Live');
    await porthole.stop('SIGKILL');
    await untilItSays(page, 'Reconnecting');
    await keepPage('viewer-reconnecting', page);
    porthole = await start({ home: porthole.home, port: new URL(porthole.url).port });
    // No share outlives its agent, nor does a link.
    await untilItSays(page, 'Link not valid');
    await untilItSays(own, 'Ended');
    expect(complaints).toEqual([]);
  });
});
