import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, startShare } from '../e2e/support/api-client.ts';
import { runProgram } from '../e2e/support/child-process.ts';
import { PortholeProcess } from '../e2e/support/porthole-app.ts';
import { StreamReader } from '../e2e/support/stream-reader.ts';
import type { TestDisplay, TestWindow } from '../e2e/support/test-display.ts';
import { goToWorkspace, startManagedDisplay, type WindowManager } from './support/window-managers.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'porthole-workspaces-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const MANAGERS: readonly WindowManager[] = [
  'openbox',
  'xfwm4',
  'xfwm4 without its compositor',
  'marco',
  'i3',
];

const LIVE = { state: 'live' };
const ELSEWHERE = { state: 'hidden', message: 'The shared window is on another workspace.' };
const MINIMISED = { state: 'hidden', message: 'The shared window is minimised.' };

describe.each(MANAGERS)('a shared window under %s', (manager) => {
  let display: TestDisplay;
  let window: TestWindow;
  let porthole: PortholeProcess;

  beforeAll(async () => {
    display = await startManagedDisplay(manager, 1280, 800, folder);
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
  const goTo = (workspace: number): void => goToWorkspace(display, manager, workspace);
  /** Moves the window there. */
  const moveTo = (workspace: number): void => {
    if (manager === 'i3') act('i3-msg', `[title="Shared Window"] move container to workspace ${workspace}`);
    else act('xdotool', 'set_desktop_for_window', window.id, String(workspace - 1));
  };
  const stick = (): void => {
    if (manager === 'i3') act('i3-msg', '[title="Shared Window"] floating enable, sticky enable');
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

    // i3 minimises nothing.
    if (manager !== 'i3') {
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
