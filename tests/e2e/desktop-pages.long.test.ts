import { source as axeSource } from 'axe-core';
import type { Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callApi, startShare } from './support/api-client.ts';
import { NotificationServer } from './support/notification-server.ts';
import { type DrivenPorthole, drivePorthole, findPage } from './support/porthole-app.ts';
import { keepPage, keepScreen } from './support/screens.ts';
import { TestDisplay } from './support/test-display.ts';
import { TrayBar } from './support/tray-bar.ts';

const LONG = 'Wolfeschlegelsteinhausenbergerdorff'.repeat(5);

let display: TestDisplay;
let server: NotificationServer;
let porthole: DrivenPorthole;
let panel: Page;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  server = await NotificationServer.start(display);
  porthole = await drivePorthole({ display, env: server.env });
  panel = porthole.panel;
});

afterAll(async () => {
  await porthole?.stop();
  await server?.stop();
  await display?.stop();
});

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 50 });
const button = (name: string | RegExp) => panel.getByRole('button', { name });
const call = (path: string, body?: unknown) => callApi(porthole.url, 'POST', path, body);

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly target: readonly unknown[] }[];
}

/** The buttons of a page whose words do not fit into them. */
function findCutOff(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('button')]
      .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
      .map(({ textContent }) => textContent),
  );
}

/** Keeps pictures of a page in light and dark, and expects nothing that axe knows to be wrong with either. */
async function keepAccessible(name: string, page: Page): Promise<void> {
  await keepPage(name, page);
  expect(await findCutOff(page), name).toEqual([]);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // Evaluated by the debugger, which the page's policy against foreign scripts does not bind.
    await page.evaluate(axeSource);
    const violations = await page.evaluate(async () => {
      const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
      return (await axe.run()).violations;
    });
    const found = violations.map(({ id, help, nodes }) => [
      id,
      help,
      ...nodes.map(({ target }) => target.join(' ')),
    ]);
    expect(found, `${name}, ${colorScheme}`).toEqual([]);
  }
}

async function resizePanel(widthPx: number, heightPx: number): Promise<void> {
  await porthole.app.evaluate(
    ({ BrowserWindow }, [width, height]) => {
      for (const window of BrowserWindow.getAllWindows()) {
        if (window.getTitle().endsWith('Porthole')) window.setContentSize(width, height);
      }
    },
    [widthPx, heightPx] as const,
  );
  await until(async () => expect(await panel.evaluate(() => innerWidth)).toBe(widthPx));
}

/** Holds the answer to the next call of `path` back until the returned function is called. */
async function holdAnswer(path: string): Promise<() => void> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const hold = async (route: Route): Promise<void> => {
    await released;
    await route.continue();
  };
  await panel.route(`**${path}`, hold, { times: 1 });
  return release;
}

describe('the panel', () => {
  it('shows nothing going on', async () => {
    await button('🔒 Remote Access').waitFor();
    await button('📺 Screen Share').waitFor();
    await keepAccessible('panel-idle', panel);
  });

  it('shows remote access starting, pending, connected and stopped', async () => {
    const goOn = await holdAnswer('/api/remote/start');
    await panel.getByRole('radio', { name: /Autonomous/ }).check({ force: true });
    await button('🔒 Remote Access').click();
    await button('⏳ Loading...').waitFor();
    await keepAccessible('panel-remote-starting', panel);
    goOn();
    await button('🔐 Pending').waitFor();
    await keepAccessible('panel-remote-pending', panel);
    const { body } = await callApi(porthole.url, 'GET', '/api/sessions/active');
    const [{ session_id: sessionId } = {}] = body.active_sessions as { session_id?: string }[];
    await call(`/api/remote/approve/${sessionId}`);
    await button('🔓 Connected').waitFor();
    await keepAccessible('panel-remote-connected', panel);
    await button('🔓 Connected').click();
    await panel.getByText('Status: Stopped').waitFor();
    await keepAccessible('panel-remote-stopped', panel);
  });

  it('shows a screen share starting, sharing and stopping', async () => {
    const goOn = await holdAnswer('/api/screen_share/start');
    await button('📺 Screen Share').click();
    await button('⏳ Loading...').waitFor();
    await keepAccessible('panel-share-starting', panel);
    goOn();
    await button('📺 Sharing').waitFor();
    await keepAccessible('panel-share-sharing', panel);
    await button('📺 Sharing').click();
    await button('📺 Screen Share').waitFor();
  });

  it('shows that everything is stopped, and why nothing starts', async () => {
    await call('/api/sessions/stop_all');
    await button('Allow sessions again').waitFor();
    for (const name of [/🔒 Remote Access/, /📺 Screen Share/])
      await until(async () => expect(await button(name).getAttribute('aria-disabled')).toBe('true'));
    expect(await panel.getByText('Everything is stopped. Allow sessions again above.').count()).toBe(2);
    await keepAccessible('panel-locked', panel);
    await button('Allow sessions again').click();
    await until(async () => expect(await button('Allow sessions again').count()).toBe(0));
  });

  it('holds names of any length, at 320 pixels too', async () => {
    const { body } = await call('/api/remote/start', { user_id: LONG });
    await call(`/api/remote/execute/${body.session_id}`, { operation: 'run', argv: ['df', '-h'] });
    await call('/api/remote/start', { user_id: 'ann 🚀', safety_mode: 'read_only' });
    await startShare(porthole.url, 'low');
    await call('/api/remote/start', { user_id: LONG, reason: LONG, safety_mode: 'autonomous' });
    await panel.getByText('Approval needed').nth(1).waitFor();
    await keepAccessible('panel-full', panel);
    await resizePanel(320, 700);
    const overflow = await panel.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await keepAccessible('panel-full-320', panel);
  });

  it('shows the history, and finds in it', async () => {
    await call('/api/sessions/stop_all');
    await call('/api/sessions/rearm');
    await panel.getByRole('link', { name: 'History' }).click();
    await panel.getByText(LONG).first().waitFor();
    await keepAccessible('panel-history', panel);
    await panel.getByRole('link', { name: 'Sessions' }).click();
  });

  it('shows the settings, and saves each by itself', async () => {
    await panel.getByRole('link', { name: 'Settings' }).click();
    const setting = (key: string) => panel.locator(`[data-setting="${key}"]`);
    await setting('port').waitFor();
    await keepAccessible('panel-settings-320', panel);
    const overflow = await panel.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    await resizePanel(420, 700);

    await setting('port')
      .getByText(/Given by --port/)
      .waitFor();
    // A click, not a check: the choice shows once the agent has saved it.
    await setting('notifications').getByRole('radio', { name: 'Requests only' }).click({ force: true });
    await setting('notifications').getByText('Saved.').waitFor();
    await setting('maxLiveSessions').getByRole('textbox').fill('100');
    await setting('maxLiveSessions').getByRole('textbox').press('Enter');
    await setting('maxLiveSessions').getByText('Saved for the next start.').waitFor();
    await setting('approvalTimeoutSeconds').getByRole('textbox').fill('0');
    await setting('approvalTimeoutSeconds').getByRole('button', { name: /^Save/ }).click();
    await setting('approvalTimeoutSeconds').getByRole('alert').waitFor();
    await setting('stopAllShortcut').getByRole('button', { name: 'Press keys' }).click();
    await panel.keyboard.press('Control+Alt+K');
    await setting('stopAllShortcut').getByRole('textbox').press('Enter');
    await setting('stopAllShortcut').getByText('Saved.').waitFor();
    await keepAccessible('panel-settings', panel);
    const { body } = await callApi(porthole.url, 'GET', '/api/settings');
    expect(body.settings).toMatchObject({
      notifications: { value: 'approvals', in_use: 'approvals', source: 'file' },
      maxLiveSessions: { value: 100, in_use: 256 },
      stopAllShortcut: { in_use: 'Control+Alt+K' },
      approvalTimeoutSeconds: { source: 'default' },
    });
    const shortcuts = await porthole.app.evaluate(({ globalShortcut }) =>
      ['Control+Alt+K', 'CommandOrControl+Alt+Shift+X'].map((keys) => globalShortcut.isRegistered(keys)),
    );
    expect(shortcuts).toEqual([true, false]);
    await panel.getByRole('link', { name: 'Sessions' }).click();
  });
});

describe('the prompt', () => {
  it('shows who asks for what, and how it ended', async () => {
    await call('/api/remote/start', {
      user_id: 'ann',
      reason: 'to fix the printer',
      safety_mode: 'autonomous',
    });
    const second = await call('/api/remote/start', {
      user_id: LONG,
      reason: LONG,
      safety_mode: 'autonomous',
    });
    const prompt = await findPage(porthole.app, ({ pathname }) => pathname === '/prompt.html');
    const allow = prompt.getByRole('button', { name: 'Allow' });
    await allow.waitFor();
    keepScreen('prompt-not-yet-armed', await prompt.screenshot());
    await until(async () => expect(await allow.getAttribute('aria-disabled')).toBe('false'));
    await keepAccessible('prompt', prompt);
    await allow.click();
    await prompt.getByText('Allowed.').waitFor();
    keepScreen('prompt-allowed', await prompt.screenshot());
    await prompt.getByText(LONG).first().waitFor();
    await keepAccessible('prompt-long', prompt);
    // The page closes its window a moment after the last request, too soon to look at it closely.
    await prompt.evaluate(() => {
      window.close = () => undefined;
    });
    await call(`/api/remote/deny/${String(second.body.session_id)}`);
    await prompt.getByText('Denied over the API.').waitFor();
    await keepAccessible('prompt-denied-elsewhere', prompt);
  });
});

describe('the tray icons', () => {
  it('stand out from a light bar too', async () => {
    const bar = TrayBar.start(display, '#f0f0f0');
    await call('/api/sessions/stop_all');
    await call('/api/sessions/rearm');
    await until(async () => expect(await bar.iconColour()).toBe('gray'));
    keepScreen('tray-gray-light', bar.grab());
    const { body } = await call('/api/remote/start', { safety_mode: 'autonomous' });
    await until(async () => expect(await bar.iconColour()).toBe('orange'));
    keepScreen('tray-orange-light', bar.grab());
    await call(`/api/remote/approve/${String(body.session_id)}`);
    await until(async () => expect(await bar.iconColour()).toBe('green'));
    keepScreen('tray-green-light', bar.grab());
    await call('/api/sessions/stop_all');
    await until(async () => expect(await bar.iconColour()).toBe('red'));
    keepScreen('tray-red-light', bar.grab());
    await bar.stop();
  });
});
