import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callApi, startShare } from '../e2e/support/api-client.ts';
import { runProgram } from '../e2e/support/child-process.ts';
import { PortholeProcess } from '../e2e/support/porthole-app.ts';
import { StreamReader } from '../e2e/support/stream-reader.ts';
import { TestDisplay, type TestWindow } from '../e2e/support/test-display.ts';

const LIVE = { state: 'live' };
const LOCKED = { state: 'paused', message: 'Paused: the screen is locked.' };

let display: TestDisplay;
let window: TestWindow;
let porthole: PortholeProcess;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  window = await display.openWindow('Shared Window');
  porthole = await PortholeProcess.start({ display, args: ['--hidden'] });
});

afterAll(async () => {
  await porthole?.discard();
  await display?.stop();
});

/** Also for who runs the saver. */
const settings = mkdtempSync(path.join(tmpdir(), 'porthole-saver-'));
chmodSync(settings, 0o755);
afterAll(() => rmSync(settings, { recursive: true, force: true }));

/** How it is run: it locks nothing for root, nor where it is told of Wayland, be it of none. */
const AS_USER = [
  ...(process.getuid?.() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []),
  ...['env', '-u', 'WAYLAND_DISPLAY'],
];

function asUser(...command: string[]): readonly [string, string[]] {
  const [program = '', ...args] = [...AS_USER, ...command];
  return [program, args];
}

/** Not at once: a saver that has just started refuses. */
const tellSaver = (what: string): Promise<unknown> =>
  vi.waitFor(() => runProgram(...asUser('xscreensaver-command', what), display.env), {
    timeout: 15_000,
    interval: 100,
  });

/** Starts the saver; the returned function kills it. */
async function startSaver(locks: boolean): Promise<() => void> {
  writeFileSync(path.join(settings, '.xscreensaver'), `mode: blank\nlock: ${locks ? 'True' : 'False'}\n`);
  const saver = display.start(...asUser('xscreensaver', '--no-splash'), { HOME: settings });
  await expect
    .poll(() => runProgram('xprop', ['-root', '_SCREENSAVER_STATUS'], display.env).toString())
    .toContain(' = 0,');
  return () => saver.kill('SIGKILL');
}

const captureOf = async (sessionId: string): Promise<unknown> =>
  (await callApi(porthole.url, 'GET', `/api/screen_share/status/${sessionId}`)).body.capture;

describe('xscreensaver', () => {
  it('pauses shares of screens and windows, also those that start meanwhile, until it is gone', async () => {
    const source = { source_id: `window:${window.id}:0` };
    const shares = [await startShare(porthole.url, 'low'), await startShare(porthole.url, 'low', source)];
    const expectAll = async (state: object): Promise<void> => {
      for (const share of shares) await expect.poll(() => captureOf(share)).toEqual(state);
    };
    await expectAll(LIVE);
    const viewer = await StreamReader.open(`${porthole.url}/stream/${shares[1]}`);

    const killBlanker = await startSaver(false);
    await tellSaver('-activate');
    await expectAll(LOCKED);
    await tellSaver('-deactivate');
    await expectAll(LIVE);
    killBlanker();

    const killLocker = await startSaver(true);
    await tellSaver('-lock');
    await expectAll(LOCKED);
    shares.push(await startShare(porthole.url, 'medium', source), await startShare(porthole.url, 'medium'));
    for (const share of shares) expect(await captureOf(share)).toEqual(LOCKED);

    // It leaves behind that it is locked.
    killLocker();
    await expectAll(LIVE);
    viewer.close();
  });
});
