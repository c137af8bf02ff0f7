import { type ChildProcess, execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OwnHome } from '../../../scripts/own-home.mjs';
import { dataFolderOf, makeHome, REPOSITORY } from '../support/porthole-app.ts';

const END_LIMIT_MS = 15_000;

interface Started {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly exit: Promise<number | null>;
}

let home: OwnHome;

/** Starts the app as `npm start` does, on a machine that has neither a display nor a session bus. */
function start(...args: string[]): Started {
  const env = {
    DISPLAY: '',
    WAYLAND_DISPLAY: '',
    DBUS_SESSION_BUS_ADDRESS: '',
    XAUTHORITY: '',
  };
  const script = path.join(REPOSITORY, 'scripts/start.mjs');
  const flags = ['--port', '0', '--hidden', '--data-dir', dataFolderOf(home)];
  const child = home.spawn(process.execPath, [script, ...flags, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, output, exit };
}

const isListening = ({ output }: Started) =>
  vi.waitFor(() => expect(output.stdout, output.stderr).toContain('porthole listening on'), {
    timeout: 60_000,
  });

/** The programs that the start script has started: the app, the display, its window manager, the bus. */
function listChildren({ child }: Started): number[] {
  const list = execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' });
  return list.trim().split(/\s+/).map(Number);
}

/** Whether a process has ended, though nobody may have asked for its exit code yet. */
function isGone(pid: number): boolean {
  try {
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

const areGone = (pids: number[]) =>
  vi.waitFor(() => expect(pids.filter((pid) => !isGone(pid))).toEqual([]), { timeout: END_LIMIT_MS });

beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

describe.runIf(process.platform === 'linux')('npm start', () => {
  it('starts a virtual display that only who knows its secret can use', async () => {
    const run = start('--virtual-display', '1280x720');
    await isListening(run);
    const [, display, authority] = /DISPLAY=(\S+) XAUTHORITY=([^)]+)\)/.exec(run.output.stderr) ?? [];
    const ask = (xauthority: string) =>
      spawnSync('xwininfo', ['-root'], {
        env: { ...process.env, DISPLAY: display, XAUTHORITY: xauthority },
        encoding: 'utf8',
      });
    const known = ask(authority ?? '');
    expect(known.stdout).toContain('Width: 1280');
    expect(known.stdout).toContain('Height: 720');
    const unknown = ask('/dev/null');
    expect(unknown.status).not.toBe(0);
    expect(unknown.stdout).not.toContain('Width');
  });

  it('leaves stdout to the app and ends everything with it on SIGTERM', async () => {
    const run = start();
    await isListening(run);
    const children = listChildren(run);
    expect(children.length).toBeGreaterThanOrEqual(4);
    run.child.kill('SIGTERM');
    expect(await run.exit).toBe(0);
    expect(run.output.stdout).toMatch(/^porthole listening on \S+\n$/);
    await areGone(children);
  });

  it('leaves nothing behind when it is killed', async () => {
    const run = start();
    await isListening(run);
    const children = listChildren(run);
    run.child.kill('SIGKILL');
    await run.exit;
    await areGone(children);
  });

  it("passes on the app's exit code", async () => {
    const run = start('--no-such-flag');
    expect(await run.exit).toBe(2);
    expect(run.output.stdout).toBe('');
  });

  it('refuses a size that is none before it starts anything', async () => {
    const run = start('--virtual-display', 'big');
    expect(await run.exit).toBe(2);
    expect(run.output.stderr).toBe(
      'porthole setup: --virtual-display takes a size such as 1920x1080, not "big"\n',
    );
  });
});
