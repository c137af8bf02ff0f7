import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { callApi } from './support/api-client.ts';
import { NotificationServer } from './support/notification-server.ts';
import {
  type DrivenPorthole,
  drivePorthole,
  findPage,
  makeHome,
  PortholeProcess,
} from './support/porthole-app.ts';
import { keepScreen } from './support/screens.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;
let server: NotificationServer;
let porthole: DrivenPorthole;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  server = await NotificationServer.start(display);
  // Of requests alone, so that the display can be counted.
  porthole = await drivePorthole({ display, env: server.env, args: ['--notifications', 'approvals'] });
});

afterAll(async () => {
  await porthole?.stop();
  await server?.stop();
  await display?.stop();
});

afterEach(async () => {
  for (const { approval_id } of await listApprovals()) await decide(approval_id, 'deny');
  const { body } = await callApi(porthole.url, 'GET', '/api/sessions/active');
  for (const { session_id } of body.active_sessions as { session_id: string }[]) {
    await callApi(porthole.url, 'POST', `/api/remote/stop/${session_id}`);
  }
  await until(() => expect(promptPages()).toEqual([]));
  await until(() => expect(server.displayed()).toBe(0));
});

/** Waits until `assertion` no longer throws. */
const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 50 });

const promptPages = (): Page[] =>
  porthole.app.windows().filter((page) => page.url().includes('/prompt.html'));
const findPrompt = (): Promise<Page> => findPage(porthole.app, (url) => url.pathname === '/prompt.html');

async function listApprovals(): Promise<{ approval_id: string; session_id: string }[]> {
  const { body } = await callApi(porthole.url, 'GET', '/api/approvals');
  return body.approvals as { approval_id: string; session_id: string }[];
}

const decide = (approvalId: string, outcome: 'allow' | 'deny') =>
  callApi(porthole.url, 'POST', `/api/approvals/${approvalId}/${outcome}`);

async function startAutonomous(
  userId = 'user',
  reason?: string,
): Promise<{ sessionId: string; approvalId: string }> {
  const { status, body } = await callApi(porthole.url, 'POST', '/api/remote/start', {
    user_id: userId,
    safety_mode: 'autonomous',
    ...(reason === undefined ? {} : { reason }),
  });
  expect({ status, ...body }).toMatchObject({ status: 'pending_approval', requires_approval: true });
  return { sessionId: String(body.session_id), approvalId: String(body.approval_id) };
}

async function statusOf(sessionId: string): Promise<unknown> {
  return (await callApi(porthole.url, 'GET', `/api/remote/status/${sessionId}`)).body.status;
}

/** The event of `name` about a session, as the agent's history of events keeps it. */
async function decidedBy(sessionId: string, name: string): Promise<unknown> {
  const events = await porthole.panel.evaluate(
    () =>
      new Promise<{ event: string; data: { session_id?: string; decided_by?: string } }[]>((resolve) => {
        const socket = new WebSocket(`ws://${location.host}/api/events?since=0`);
        const seen: { event: string; data: { session_id?: string; decided_by?: string } }[] = [];
        socket.onmessage = ({ data }) => {
          const message = JSON.parse(data);
          seen.push(message);
          if (message.event !== 'snapshot') return;
          socket.close();
          resolve(seen);
        };
      }),
  );
  return events.find(({ event, data }) => event === name && data.session_id === sessionId)?.data.decided_by;
}

const pressAllow = (prompt: Page) => press(prompt, 'Allow');
const pressDeny = (prompt: Page) => press(prompt, 'Deny');

/** The pointer comes from elsewhere to each: where the last press left it, one that came up below it would not count. */
async function press(prompt: Page, name: 'Allow' | 'Deny'): Promise<void> {
  await prompt.mouse.move(5, 5);
  await prompt.getByRole('button', { name }).click();
}

describe('a request for approval', () => {
  it('makes a notification whose activation opens the prompt, where Allow lets the session begin', async () => {
    const { sessionId, approvalId } = await startAutonomous('ann <b>&amp;</b>', 'to fix the printer');
    await until(() => expect(server.displayed()).toBe(1));
    expect(server.seen.at(-1)).toMatchObject({
      application: 'Porthole',
      title: '🔐 Approval needed',
      urgency: 'CRITICAL',
    });
    const body = server.seen.at(-1)?.body ?? '';
    expect(body.split('\n')).toEqual([
      'Asked by ann &lt;b&gt;&amp;amp;&lt;/b&gt;, from this machine',
      `Remote access session ${sessionId} needs approval (autonomous mode)`,
      '“to fix the printer”',
    ]);

    // Closing the prompt that came by itself decides nothing.
    const first = await findPrompt();
    await first.getByText('to fix the printer').waitFor();
    keepScreen('approval-on-the-desktop', display.grab());
    await first.close();
    expect(await statusOf(sessionId)).toBe('pending_approval');

    server.activateNewest();
    const prompt = await findPrompt();
    expect(new URL(prompt.url()).searchParams.get('approval_id')).toBe(approvalId);
    await prompt.getByText('ann <b>&amp;</b>').waitFor();
    expect(await statusOf(sessionId)).toBe('pending_approval');
    expect(await listApprovals()).toHaveLength(1);

    await pressAllow(prompt);
    await until(async () => expect(await statusOf(sessionId)).toBe('active'));
    await until(() => expect(server.displayed()).toBe(0));
    expect(await decidedBy(sessionId, 'remote_session_approved')).toBe('prompt');
    await until(() => expect(promptPages()).toEqual([]));
  });

  it('is taken from the screen when it is decided elsewhere meanwhile', async () => {
    const { sessionId, approvalId } = await startAutonomous();
    const prompt = await findPrompt();
    await prompt.getByRole('button', { name: 'Allow' }).waitFor();
    await until(() => expect(server.displayed()).toBe(1));
    await decide(approvalId, 'allow');
    await prompt.getByText('Allowed over the API.').waitFor();
    await until(() => expect(server.displayed()).toBe(0));
    expect(server.history()[0]).toMatchObject({ title: '🔐 Approval needed' });
    expect(await statusOf(sessionId)).toBe('active');
    expect((await decide(approvalId, 'deny')).status).toBe(409);
    expect(await statusOf(sessionId)).toBe('active');
  });

  it('is refused by Deny in the prompt', async () => {
    const { sessionId } = await startAutonomous();
    await pressDeny(await findPrompt());
    await until(async () => expect(await statusOf(sessionId)).toBe('denied'));
    await until(() => expect(server.displayed()).toBe(0));
    expect(await decidedBy(sessionId, 'remote_session_denied')).toBe('prompt');
  });

  it('of five at once is five notifications, and the prompt walks through them', async () => {
    const started = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((userId) => startAutonomous(userId)));
    await until(() => expect(server.displayed()).toBe(5));
    const prompt = await findPrompt();
    await prompt.getByText('1 of 5').waitFor();
    await pressDeny(prompt);
    await prompt.getByText('1 of 4').waitFor();
    await until(() => expect(server.displayed()).toBe(4));
    await pressAllow(prompt);
    await until(() => expect(server.displayed()).toBe(3));
    for (const { approval_id } of await listApprovals()) await decide(approval_id, 'deny');
    await until(() => expect(server.displayed()).toBe(0));
    const statuses = await Promise.all(started.map(({ sessionId }) => statusOf(sessionId)));
    expect(statuses.filter((status) => status === 'denied')).toHaveLength(4);
    expect(statuses.filter((status) => status === 'active')).toHaveLength(1);
  });

  it('turns the panel from orange to green without a reload', async () => {
    const { panel } = porthole;
    await panel.evaluate(() => {
      document.documentElement.dataset.loaded = 'before';
    });
    await panel.getByRole('radio', { name: /Autonomous/ }).check({ force: true });
    await panel.getByRole('button', { name: /Remote Access/ }).click();
    const pending = panel.getByRole('button', { name: '🔐 Pending' });
    await pending.waitFor();
    const orange = await pending.evaluate((button) => getComputedStyle(button).backgroundColor);
    await panel.getByText('Status: Pending Approval').waitFor();
    await pressAllow(await findPrompt());
    const connected = panel.getByRole('button', { name: '🔓 Connected' });
    await connected.waitFor();
    await panel.getByText('Status: Connected').waitFor();
    const green = await connected.evaluate((button) => getComputedStyle(button).backgroundColor);
    expect(dominantOf(orange)).toBe('red');
    expect(dominantOf(green)).toBe('green');
    expect(await panel.evaluate(() => document.documentElement.dataset.loaded)).toBe('before');
    await connected.click();
    await panel.getByRole('button', { name: '🔒 Remote Access' }).waitFor();
  });

  it('takes no keystroke that was meant for something else', async () => {
    const { panel } = porthole;
    await panel.bringToFront();
    await until(() => expect(display.activeWindowTitle()).toMatch(/Porthole$/));
    const { sessionId } = await startAutonomous();
    const prompt = await findPrompt();
    const allow = prompt.getByRole('button', { name: 'Allow' });
    await allow.waitFor();
    expect(display.activeWindowTitle()).not.toContain('approval needed');
    for (const key of ['Enter', 'Space', 'y', 'Tab', 'Enter', 'Space', 'Tab', 'Enter', 'Space']) {
      await prompt.keyboard.press(key);
    }
    await until(async () => expect(await allow.getAttribute('aria-disabled')).toBe('false'));
    expect(await statusOf(sessionId)).toBe('pending_approval');
  });
});

/** The strongest of a colour's parts, `rgb(1, 2, 3)`. */
function dominantOf(colour: string): string | undefined {
  const parts = colour.match(/\d+/g)?.slice(0, 3).map(Number) ?? [];
  return ['red', 'green', 'blue'][parts.indexOf(Math.max(...parts))];
}

describe('a request that nobody answers', () => {
  it('expires, or is denied when the agent quits first; its notification goes', async () => {
    const args = ['--hidden', '--approval-timeout-seconds', '3', '--notifications', 'approvals'];
    const options = { display, env: server.env, args, home: makeHome() };
    const first = await PortholeProcess.start(options);
    const start = async () => {
      const { body } = await callApi(first.url, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
      await until(() => expect(server.displayed()).toBe(1));
      return String(body.session_id);
    };
    const expiring = await start();
    await until(() => expect(server.displayed()).toBe(0));
    const cutOff = await start();
    expect(await first.stop()).toBe(0);
    await until(() => expect(server.displayed()).toBe(0));

    const second = await PortholeProcess.start(options);
    const { body } = await callApi(second.url, 'GET', '/api/sessions/history');
    expect(body.history).toEqual([
      expect.objectContaining({ session_id: cutOff, status: 'denied', stop_reason: 'Agent stopped' }),
      expect.objectContaining({
        session_id: expiring,
        status: 'expired',
        stop_reason: 'No answer within 3 s',
      }),
    ]);
    await second.discard();
  });
});
