import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import path from 'node:path';
import { source as axeSource } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, startShare } from './support/api-client.ts';
import { appCommand, type DrivenPorthole, drivePorthole } from './support/porthole-app.ts';
import { keepPage } from './support/screens.ts';
import { TestDisplay } from './support/test-display.ts';
import { launchViewerBrowser } from './support/viewer-browser.ts';

/** This machine's address as others see it. */
const outside = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

let display: TestDisplay;
let porthole: DrivenPorthole;
let browser: Browser;
let farUrl = '';

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  porthole = await drivePorthole({ display, args: ['--allow-network-viewers'] });
  browser = await launchViewerBrowser();
  farUrl = `http://${outside}:${new URL(porthole.url).port}`;
});

afterAll(async () => {
  await browser?.close();
  await porthole?.stop();
  await display?.stop();
});

/** Keeps pictures of a page, and expects nothing that axe knows to be wrong with it. */
async function keepAccessible(name: string, page: Page): Promise<void> {
  await keepPage(name, page);
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
  expect(violations, name).toEqual([]);
}

it.runIf(process.platform === 'linux')('asks the kernel for single connections', async () => {
  const pid = porthole.child.pid ?? 0;
  await callApi(porthole.url, 'GET', '/api/agent');
  // Columns of the kernel's list: the socket's address, its protocol (4 is the diagnosis of sockets), …, its inode.
  const inodes = readFileSync('/proc/net/netlink', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, protocol]) => protocol === '4')
    .map((fields) => `socket:[${fields.at(-1)}]`);
  const held = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  expect(held.filter((target) => inodes.includes(target))).toHaveLength(1);
});

describe('an admin’s browser on another machine', () => {
  it('is asked who it is, and then sees and decides what the panel does', async () => {
    const page = await browser.newPage();
    await page.goto(`${farUrl}/`);
    await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
    await keepAccessible('login', page);
    const { body } = await callApi(porthole.url, 'POST', '/api/tokens', { name: 'ada', role: 'admin' });
    await page.getByLabel('Token').fill('pht_not_this_one');
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Token').fill(String(body.token));
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('button', { name: /Screen Share/ }).waitFor();
    await page.getByText('Connected to the agent', { exact: true }).first().waitFor({ state: 'attached' });
    // What is asked at the machine is asked here too.
    const started = await callApi(porthole.url, 'POST', '/api/remote/start', {
      safety_mode: 'autonomous',
      user_id: 'grace',
    });
    await page.getByText('Remote access in autonomous mode').waitFor();
    await callApi(porthole.url, 'POST', `/api/remote/deny/${started.body.session_id}`);
    expect(await page.evaluate(() => document.cookie)).toBe('');
    // The token was taken back: the page knows nothing more.
    await callApi(porthole.url, 'DELETE', `/api/tokens/${body.token_id}`);
    await page.getByRole('heading', { name: 'Who are you?' }).waitFor();
    expect(await page.getByText('grace').count()).toBe(0);
    await page.close();
  });
});

describe('a viewer on another machine', () => {
  it('plays the stream with a link made in the panel, until that is revoked', async () => {
    const { panel } = porthole;
    const sessionId = await startShare(porthole.url, 'low');
    const card = panel.getByRole('listitem').filter({ hasText: sessionId });
    await card.getByText('Links for others').click();
    await card.getByRole('button', { name: 'Make a link' }).click();
    const viewerLink = (await card.locator('.secret-text').first().textContent()) ?? '';
    expect(viewerLink).toMatch(new RegExp(`^${farUrl}/view/${sessionId}\\?key=phv_`));
    const link = (await card.locator('.secret-text').last().textContent()) ?? '';
    expect(link).toBe(viewerLink.replace('/view/', '/stream/'));
    await keepAccessible('share-with-link', panel);
    const page = await browser.newPage();
    await page.goto(`data:text/html,<img id=p src="${link}">`);
    const shown = () => page.evaluate(() => document.querySelector('img')?.naturalWidth ?? 0);
    await expect.poll(shown, { timeout: 15_000 }).toBeGreaterThan(0);
    await card.getByRole('button', { name: 'Disconnect View link' }).waitFor();
    const { body } = await callApi(porthole.url, 'GET', `/api/viewers?session_id=${sessionId}`);
    expect(body.viewers).toMatchObject([{ address: outside, admitted_by: 'key', name: 'View link' }]);
    await card.getByRole('button', { name: /^Revoke the link/ }).click();
    await expect
      .poll(async () => (await callApi(porthole.url, 'GET', '/api/viewers')).body.total, { timeout: 2000 })
      .toBe(0);
    await page.close();
    await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: sessionId });
  });
});

describe('the panel', () => {
  it('shows while the network is on, and where the agent can be reached', async () => {
    const { panel } = porthole;
    await panel.getByText('Others on this network can reach the agent.').waitFor();
    await panel.getByRole('link', { name: 'Access' }).click();
    await panel.getByText(farUrl).waitFor();
    await panel.getByLabel('Who or what is it for?').fill('an AI agent');
    await panel.getByRole('button', { name: 'Make a token' }).click();
    const secret = (await panel.locator('.secret-text').textContent()) ?? '';
    expect(secret).toMatch(/^pht_/);
    await keepAccessible('access', panel);
    const answer = await fetch(`${farUrl}/api/agent`, { headers: { authorization: `Bearer ${secret}` } });
    expect(await answer.json()).toMatchObject({ you: { kind: 'operator', name: 'an AI agent' } });
    await panel.getByRole('link', { name: 'Sessions' }).click();
  });
});

describe('the command line client of the same executable', () => {
  it('makes a token with the running app, and opens nothing, display or not', async () => {
    const [executable, args] = appCommand([
      'token',
      'create',
      '--role',
      'operator',
      '--name',
      'from the shell',
      '--json',
      '--data-dir',
      porthole.dataDir,
    ]);
    const windows = () => porthole.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
    const before = await windows();
    const { home } = porthole;
    const { DISPLAY: _, ...env } = home.environment();
    const { status, stdout, stderr } = spawnSync(home.programFor(executable), args, {
      env,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'from the shell',
      token: expect.stringMatching(/^pht_/),
    });
    expect(await windows()).toBeLessThanOrEqual(before);
    const log = readFileSync(path.join(porthole.dataDir, 'logs', 'porthole.log'), 'utf8');
    expect(log).toContain('from the shell');
    expect(log).not.toContain(String(JSON.parse(stdout).token).slice(4));
  });

  it('is what curl is, too: the lines of the tour, typed at the machine', () => {
    const curl = (...args: string[]) =>
      JSON.parse(execFileSync('curl', ['-s', ...args], { encoding: 'utf8' }));
    const json = ['-H', 'content-type: application/json'];
    const at = `localhost:${new URL(porthole.url).port}`;
    const started = curl(
      '-X',
      'POST',
      `${at}/api/remote/start`,
      ...json,
      '-d',
      '{"user_id":"user","safety_mode":"autonomous","metadata":{}}',
    );
    expect(started.status).toBe('pending_approval');
    expect(curl('-X', 'POST', `${at}/api/remote/approve/${started.session_id}`).status).toBe('active');
    expect(curl(`${at}/api/remote/status/${started.session_id}`).safety_mode).toBe('autonomous');
    const share = curl('-X', 'POST', `${at}/api/screen_share/start`, ...json, '-d', '{"quality":"medium"}');
    expect(share.stream_url).toBe(`/stream/${share.session_id}`);
    expect(curl('-X', 'POST', `${at}/api/sessions/check_dropped?timeout_minutes=5`).count).toBe(0);
    curl('-X', 'POST', `${at}/api/remote/stop/${started.session_id}`);
    expect(curl(`${at}/api/sessions/history?limit=50`).total).toBeGreaterThan(0);
  });
});
