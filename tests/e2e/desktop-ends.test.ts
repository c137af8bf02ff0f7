import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createEscapees } from '../integration/commands/support/escapees.ts';
import { findGuardians } from '../integration/commands/support/guardians.ts';
import { callApi, startShare } from './support/api-client.ts';
import { SessionBus } from './support/notification-server.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

const PATIENCE_MS = 60_000;
/** Where GLib misses the bus first it says so by SIGTERM, and the bus may still seem to listen then. */
const REASON = /^(?:Desktop session ended|Agent stopped)$/;

let display: TestDisplay;
let bus: SessionBus;
let porthole: PortholeProcess;

/** The agent, with panel and tray, on a desktop of its own. */
async function start(before?: PortholeProcess): Promise<PortholeProcess> {
  display = await TestDisplay.start(1280, 800);
  bus = await SessionBus.start();
  const env = { DBUS_SESSION_BUS_ADDRESS: bus.address };
  return PortholeProcess.start({ display, env, ...(before ? { home: before.home } : {}) });
}

const stopDesktop = async (): Promise<void> => {
  await bus?.stop();
  await display?.stop();
};

/** The agent again, on another desktop. */
async function startAgain(): Promise<PortholeProcess> {
  await stopDesktop();
  return start(porthole);
}

beforeEach(async () => {
  porthole = await start();
});

afterEach(async () => {
  await porthole?.discard();
  await stopDesktop();
});

/** A share and a command that runs. */
async function startWork() {
  const share = await startShare(porthole.url, 'low');
  const { body: remote } = await callApi(porthole.url, 'POST', '/api/remote/start', {
    safety_mode: 'autonomous',
  });
  await callApi(porthole.url, 'POST', `/api/remote/approve/${remote.session_id}`);
  const escapees = createEscapees();
  const { body: command } = await callApi(porthole.url, 'POST', `/api/remote/execute/${remote.session_id}`, {
    operation: 'shell',
    script: escapees.script(),
  });
  await vi.waitFor(() => expect(escapees.count()).toBe(escapees.expected), PATIENCE_MS);
  return { share, remote, command, escapees };
}

const read = async (url: string, target: string) => (await callApi(url, 'GET', target)).body;

describe.runIf(process.platform === 'linux')('an agent whose desktop goes away', () => {
  it.each([
    ['its session bus', () => bus.stop()],
    ['its display', () => display.stop()],
  ])(
    'ends in order with %s',
    async (_, takeAway) => {
      const { share, remote, command, escapees } = await startWork();
      const ended = once(porthole.child, 'exit');
      await takeAway();
      expect(await ended).toEqual([0, null]);
      expect(existsSync(path.join(porthole.dataDir, 'running.json'))).toBe(false);
      expect(existsSync(path.join(porthole.dataDir, 'alive.json'))).toBe(false);
      // GLib ends it in the usual way, by a signal, where it is the first to miss the bus.
      expect(readFileSync(path.join(porthole.dataDir, 'logs/porthole.log'), 'utf8')).toMatch(
        /the display or the session bus is gone|"SIGTERM"/,
      );
      await vi.waitFor(() => expect(escapees.count()).toBe(0), PATIENCE_MS);

      const next = await startAgain();
      const end = { status: 'stopped', stop_reason: expect.stringMatching(REASON) };
      expect(await read(next.url, `/api/screen_share/status/${share}`)).toMatchObject(end);
      expect(await read(next.url, `/api/remote/status/${remote.session_id}`)).toMatchObject(end);
      const ran = await read(next.url, `/api/remote/commands/${command.command_id}`);
      // Cancelled where there was time for it.
      expect(ran.status).toMatch(/^(?:failed|cancelled)$/);
    },
    2 * PATIENCE_MS,
  );
});

describe.runIf(process.platform === 'linux')('an agent that was killed', () => {
  it(
    'is on record as having ended then, not when it starts again',
    async () => {
      const share = await startShare(porthole.url, 'low');
      const [guardian = 0] = findGuardians(porthole.child.pid ?? 0);
      const ended = once(porthole.child, 'exit');
      porthole.child.kill('SIGKILL');
      await ended;
      // It says so once it has looked.
      await vi.waitFor(() => expect(existsSync(`/proc/${guardian}`)).toBe(false), PATIENCE_MS);
      const goneBeforeMs = Date.now();

      const next = await startAgain();
      const record = await read(next.url, `/api/screen_share/status/${share}`);
      expect(record).toMatchObject({ status: 'dropped', stop_reason: 'Agent restarted' });
      expect(Date.parse(String(record.stopped_at))).toBeLessThanOrEqual(goneBeforeMs);
    },
    2 * PATIENCE_MS,
  );
});
