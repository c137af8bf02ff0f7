import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import type { OwnHome } from '../../scripts/own-home.mjs';
import { createEscapees } from '../integration/commands/support/escapees.ts';
import { findGuardians } from '../integration/commands/support/guardians.ts';
import { callApi } from './support/api-client.ts';
import { endChild, waitForOutput } from './support/child-process.ts';
import { connectDebugger, findDebugger } from './support/main-debugger.ts';
import { appCommand, dataFolderOf, makeHome, REPOSITORY } from './support/porthole-app.ts';
import { StreamReader } from './support/stream-reader.ts';
import { TestDisplay } from './support/test-display.ts';

const STALL_SECONDS = 2;
/** On a busy machine each step takes its time; how long they take is for the bench to say. */
const PATIENCE_MS = 60_000;

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: PATIENCE_MS, interval: 50 });

let home: OwnHome;
let dataDir: string;

beforeEach(() => {
  home = makeHome();
  dataDir = dataFolderOf(home);
});
afterEach(() => home.remove());

const readLog = () => readFileSync(path.join(dataDir, 'logs/porthole.log'), 'utf8');

/** Who listens: one for each time that the agent has come up. */
const listUrls = (output: string) =>
  [...output.matchAll(/^porthole listening on (\S+)$/gm)].map(([, url = '']) => url);

interface StartScript {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
}

/** The app as `npm start` runs it on a machine that has neither a display nor a session bus. */
function startScript(): StartScript {
  const none = { DISPLAY: '', WAYLAND_DISPLAY: '', DBUS_SESSION_BUS_ADDRESS: '' };
  const args = ['--port', '0', '--hidden', '--data-dir', dataDir, '--stall-seconds', String(STALL_SECONDS)];
  const script = path.join(REPOSITORY, 'scripts/start.mjs');
  const child = home.spawn(process.execPath, [script, '--inspect=0', ...args], {
    env: { ...none, XAUTHORITY: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.on('data', (chunk: Buffer) => {
      output[stream] += chunk;
    });
  }
  return { child, output };
}

async function startAutonomous(url: string): Promise<string> {
  const { body } = await callApi(url, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
  await callApi(url, 'POST', `/api/remote/approve/${body.session_id}`);
  return String(body.session_id);
}

async function readAdvisories(url: string): Promise<{ advisory_id: string; title: string }[]> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/events`);
  const message = await new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
  socket.terminate();
  return JSON.parse(String(message)).data.advisories;
}

const STALLS = {
  'a loop that never ends': 'setTimeout(function spinsForEver() { for (;;); })',
  'garbage without end':
    'setTimeout(function wastes() { const kept = []; for (;;) kept.push(Array.from({ length: 1e5 }, (_, i) => ({ i }))); })',
};

describe.skipIf(process.env.PORTHOLE_TEST_APP)('an agent of npm start that hangs', () => {
  it.each(Object.entries(STALLS))(
    'in %s, is ended with all that it does, and runs again',
    async (name, stall) => {
      const { child, output } = startScript();
      const address = findDebugger(child);
      await until(() => expect(listUrls(output.stdout), output.stderr).toHaveLength(1));
      const [url = ''] = listUrls(output.stdout);
      const sessionId = await startAutonomous(url);
      const escapees = createEscapees();
      const { body: command } = await callApi(url, 'POST', `/api/remote/execute/${sessionId}`, {
        operation: 'shell',
        script: escapees.script(),
      });
      await until(() => expect(escapees.count()).toBe(escapees.expected));
      const { body: share } = await callApi(url, 'POST', '/api/screen_share/start', {});
      const viewer = await StreamReader.open(`${url}/stream/${share.session_id}`);
      await viewer.until(({ parts }) => parts > 0);
      const debug = await connectDebugger(await address);
      const displays = /DISPLAY=\S+/g;
      const firstDisplays = output.stderr.match(displays);

      await debug.read(stall);
      const startedAtMs = performance.now();
      const since = (): number => Math.round(performance.now() - startedAtMs);
      await until(() => expect(escapees.count()).toBe(0));
      const commandsMs = since();
      await viewer.untilEnd();
      const streamMs = since();
      debug.close();
      await until(() => expect(listUrls(output.stdout), output.stderr).toHaveLength(2));
      process.stderr.write(`${name}: commands ${commandsMs}, stream ${streamMs}, back ${since()} ms\n`);

      const [, next = ''] = listUrls(output.stdout);
      expect(output.stderr).toContain('is started again');
      expect(output.stderr.match(displays)).toEqual(firstDisplays);
      const reason = /^Agent (stopped answering|restarted)$/;
      const { body: screen } = await callApi(next, 'GET', `/api/screen_share/status/${share.session_id}`);
      expect(screen).toMatchObject({ status: 'dropped', stop_reason: expect.stringMatching(reason) });
      const { body: remote } = await callApi(next, 'GET', `/api/remote/status/${sessionId}`);
      expect(remote).toMatchObject({ status: 'dropped', stop_reason: expect.stringMatching(reason) });
      const { body: ended } = await callApi(next, 'GET', `/api/remote/commands/${command.command_id}`);
      expect(ended).toMatchObject({ status: 'failed', error: { message: expect.stringMatching(reason) } });
      // One that ran out of memory instead has died by itself.
      if (remote.stop_reason === 'Agent stopped answering') {
        expect(readLog()).toMatch(/the main thread was here","stack":" +at (spinsForEver|[^ ]*)/);
        expect(readLog()).toContain('agent_restarted');
        const titles = (await readAdvisories(next)).map(({ title }) => title);
        expect(titles).toContainEqual(expect.stringContaining('Porthole stopped answering and was ended'));
      }
    },
  );

  it('stays down when it fails for the fourth time', async () => {
    const { child, output } = startScript();
    const exit = new Promise((resolve) => child.once('exit', resolve));
    for (let start = 1; start <= 4; start += 1) {
      await until(() => expect(listUrls(output.stdout), output.stderr).toHaveLength(start));
      const { pid } = JSON.parse(readFileSync(path.join(dataDir, 'running.json'), 'utf8'));
      process.kill(pid, 'SIGKILL');
    }
    expect(await exit).toBe(137);
    expect(output.stderr).toContain('stays down');
  });
});

describe.skipIf(process.env.PORTHOLE_TEST_APP)('an agent that somebody debugs', () => {
  let display: TestDisplay;
  beforeAll(async () => {
    display = await TestDisplay.start(1280, 720);
  });
  afterAll(() => display?.stop());

  it('is not ended at a breakpoint, where its commands wait for it', async () => {
    const [executable, args] = appCommand([
      '--port',
      '0',
      '--data-dir',
      dataDir,
      '--hidden',
      '--stall-seconds',
      '1',
    ]);
    const child = home.spawn(executable, ['--inspect=0', ...args], {
      env: display.seat,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const address = findDebugger(child);
    const [, url = ''] = await waitForOutput(child, 'stdout', /porthole listening on (\S+)\n/);
    const sessionId = await startAutonomous(url);
    const ticks = path.join(home.place('work'), 'ticks');
    const script = `while :; do echo >>"${ticks}"; sleep 0.1; done`;
    await callApi(url, 'POST', `/api/remote/execute/${sessionId}`, { operation: 'shell', script });
    const count = () => (existsSync(ticks) ? readFileSync(ticks).length : 0);
    await until(() => expect(count()).toBeGreaterThan(0));
    const debug = await connectDebugger(await address);
    debug.pause();
    await until(async () => {
      const before = count();
      await delay(1000);
      expect(count()).toBe(before);
    });
    await delay(3000);
    expect(child.exitCode ?? child.signalCode).toBeNull();
    const before = count();
    debug.resume();
    await until(() => expect(count()).toBeGreaterThan(before));
    debug.close();
    expect((await callApi(url, 'GET', '/api/sessions/active')).status).toBe(200);
  });

  it('has one guardian, which is one process and ends with it', async () => {
    const [executable, args] = appCommand(['--port', '0', '--data-dir', dataDir, '--hidden']);
    const child = home.spawn(executable, args, { env: display.seat, stdio: ['ignore', 'pipe', 'pipe'] });
    await waitForOutput(child, 'stdout', /porthole listening on (\S+)\n/);
    const [guardian = 0, ...others] = findGuardians(child.pid ?? 0);
    expect(others).toEqual([]);
    expect(readFileSync(`/proc/${guardian}/task/${guardian}/children`, 'utf8')).toBe('');
    await endChild(child);
    await until(() => expect(existsSync(`/proc/${guardian}`)).toBe(false));
    expect(readdirSync(path.join(dataDir, 'guardian'))).toEqual([]);
  });
});
