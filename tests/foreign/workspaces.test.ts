import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callApi, startShare } from '../e2e/support/api-client.ts';
import { runProgram } from '../e2e/support/child-process.ts';
import { PortholeProcess } from '../e2e/support/porthole-app.ts';
import { StreamReader } from '../e2e/support/stream-reader.ts';
import { TestDisplay, type TestWindow } from '../e2e/support/test-display.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'porthole-workspaces-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
/** Without a file of settings i3 asks for one, in a window of its own. */
const i3Settings = path.join(folder, 'i3');
writeFileSync(i3Settings, 'font monospace 8\nbar { }\n');

/** Each window manager, and whether it minimises windows. */
const MANAGERS = {
  openbox: { command: ['openbox'], minimises: true },
  xfwm4: { command: ['dbus-run-session', 'xfwm4'], minimises: true },
  'xfwm4 without its compositor': {
    command: ['dbus-run-session', 'xfwm4', '--compositor=off'],
    minimises: true,
  },
  marco: { command: ['dbus-run-session', 'marco'], minimises: true },
  i3: { command: ['i3', '-c', i3Settings], minimises: false },
};

const LIVE = { state: 'live' };
const ELSEWHERE = { state: 'hidden', message: 'The shared window is on another workspace.' };
const MINIMISED = { state: 'hidden', message: 'The shared window is minimised.' };

describe.each(Object.entries(MANAGERS))('a shared window under %s', (name, { command, minimises }) => {
  let display: TestDisplay;
  let window: TestWindow;
  let porthole: PortholeProcess;

  beforeAll(async () => {
    display = await TestDisplay.startServer({
      server: ['Xvfb', '-screen', '0', '1280x800x24'],
      widthPx: 1280,
      heightPx: 800,
      windowManager: command,
    });
    await vi.waitFor(() => expect(display.isManaged()).toBe(true), { timeout: 15_000, interval: 50 });
    if (name !== 'i3') act('xdotool', 'set_num_desktops', '3');
    window = await display.openWindow('Shared Window');
    porthole = await PortholeProcess.start({ display, args: ['--hidden'] });
  });

  afterAll(async () => {
    await porthole?.discard();
    await display?.stop();
  });

  const act = (program: string, ...args: string[]): void => {
    runProgram(program, args, display.env);
  };
  /** Goes to a workspace; the first is 1. */
  const goTo = (workspace: number): void => {
    if (name === 'i3') act('i3-msg', 'workspace', String(workspace));
    else act('xdotool', 'set_desktop', String(workspace - 1));
  };
  /** Moves the window there. */
  const moveTo = (workspace: number): void => {
    if (name === 'i3') act('i3-msg', `[title="Shared Window"] move container to workspace ${workspace}`);
    else act('xdotool', 'set_desktop_for_window', window.id, String(workspace - 1));
  };
  const stick = (): void => {
    if (name === 'i3') act('i3-msg', '[title="Shared Window"] floating enable, sticky enable');
    else act('wmctrl', '-i', '-r', window.id, '-b', 'add,sticky');
  };

  it('is said to be on another workspace while it is, with viewers, and goes on when it is back', async () => {
    const share = await startShare(porthole.url, 'low', { source_id: `window:${window.id}:0` });
    const capture = async (): Promise<unknown> =>
      (await callApi(porthole.url, 'GET', `/api/screen_share/status/${share}`)).body.capture;
    const viewer = await StreamReader.open(`${porthole.url}/stream/${share}`);
    const isLive = async (): Promise<void> => {
      await expect.poll(capture).toEqual(LIVE);
      const before = viewer.parts;
      // More than slates and keep-alives could be.
      await viewer.until(() => viewer.parts > before + 10);
    };
    await isLive();
    for (const there of [2, 3]) {
      moveTo(there);
      await expect.poll(capture).toEqual(ELSEWHERE);
      goTo(there);
      await isLive();
      goTo(1);
      await expect.poll(capture).toEqual(ELSEWHERE);
      moveTo(1);
      await isLive();
    }

    if (minimises) {
      window.minimise();
      await expect.poll(capture).toEqual(MINIMISED);
      window.restore();
      await isLive();
    }

    stick();
    goTo(2);
    await isLive();
    await window.close();
    await viewer.untilEnd();
  });

  it('keeps its share while that is paused and it is on another workspace', async () => {
    goTo(1);
    window = await display.openWindow('Shared Window');
    const share = await startShare(porthole.url, 'low', { source_id: `window:${window.id}:0` });
    const status = async () => (await callApi(porthole.url, 'GET', `/api/screen_share/status/${share}`)).body;
    await expect.poll(async () => (await status()).capture).toEqual(LIVE);
    const change = (body: object) => callApi(porthole.url, 'POST', `/api/screen_share/update/${share}`, body);
    moveTo(2);
    await expect.poll(async () => (await status()).capture).toEqual(ELSEWHERE);
    await change({ paused: true });
    await change({ paused: false });
    await expect.poll(async () => (await status()).capture).toEqual(ELSEWHERE);
    moveTo(1);
    await expect.poll(async () => (await status()).capture).toEqual(LIVE);
  });
});
