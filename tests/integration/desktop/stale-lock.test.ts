import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { clearStaleLock } from '../../../src-main/desktop/stale-lock.ts';
import { processSpace, startOf } from '../../../src-main/live-process.ts';
import { beginHeartbeat, readHeartbeat } from '../../../src-main/settings/heartbeat-file.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

let chromium: string;
let heartbeat: string;
let lock: string;
beforeEach(() => {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  chromium = path.join(folder, 'chromium');
  mkdirSync(chromium);
  heartbeat = path.join(folder, 'alive.json');
  lock = path.join(chromium, 'SingletonLock');
});

const look = () => clearStaleLock(chromium, heartbeat);
const lockIsThere = (): boolean => readdirSync(chromium).includes('SingletonLock');

function say(
  host: string,
  pid: number,
  more: { started?: string | null; space?: string; ageSeconds?: number } = {},
): void {
  const { started = null, space = 'of another machine', ageSeconds = 0 } = more;
  writeFileSync(heartbeat, JSON.stringify({ host, pid, started, space }));
  const at = Date.now() / 1000 - ageSeconds;
  utimesSync(heartbeat, at, at);
}

/** A process that has nothing to do with any of this. */
function startOther(): ChildProcess & { pid: number } {
  const child = spawn('sleep', ['600'], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child as ChildProcess & { pid: number };
}

describe('the lock of another machine', () => {
  it.each([
    ['nobody says anything', undefined],
    ['the last word is more than 30 s old', 31],
    ['the last word is from a clock that was wrong', -3600],
  ])('is stale where %s', async (_name, ageSeconds) => {
    symlinkSync('otherhost-12345', lock);
    if (ageSeconds !== undefined) say('otherhost', 12345, { ageSeconds });
    expect(await look()).toEqual({ where: 'nowhere' });
    expect(readdirSync(chromium)).toEqual([]);
  });

  it('is held while its agent says so', async () => {
    symlinkSync('other-host.example-12345', lock);
    say('other-host.example', 12345, { ageSeconds: 20 });
    expect(await look()).toMatchObject({ where: 'elsewhere', host: 'other-host.example', pid: 12345 });
    expect(readlinkSync(lock)).toBe('other-host.example-12345');
  });

  it('is stale where somebody else than its holder says something', async () => {
    symlinkSync('otherhost-12345', lock);
    say('otherhost', 12346);
    expect(await look()).toEqual({ where: 'nowhere' });
    expect(lockIsThere()).toBe(false);
  });
});

describe('the lock of this machine', () => {
  it('is stale when its process is gone, or is this one', async () => {
    for (const pid of [spawnSync('true').pid, process.pid]) {
      symlinkSync(`${hostname()}-${pid}`, lock);
      say(hostname(), pid, { space: processSpace() });
      expect(await look()).toEqual({ where: 'nowhere' });
      expect(lockIsThere()).toBe(false);
    }
  });

  it('is stale when its process’s number was given to another', async () => {
    const other = startOther();
    symlinkSync(`${hostname()}-${other.pid}`, lock);
    say(hostname(), other.pid, { started: '1', space: processSpace() });
    expect(await look()).toEqual({ where: 'nowhere' });
    // The same without a heartbeat, as older versions leave it.
    rmSync(heartbeat);
    symlinkSync(`${hostname()}-${other.pid}`, lock);
    expect(await look()).toEqual({ where: 'nowhere' });
    expect([lockIsThere(), other.exitCode, other.signalCode]).toEqual([false, null, null]);
  });

  it('is held by the process that says so, also after the machine was renamed, and where /tmp was cleared', async () => {
    const other = startOther();
    for (const host of [hostname(), 'former-name']) {
      symlinkSync(`${host}-${other.pid}`, lock);
      say(host, other.pid, { started: startOf(other.pid), space: processSpace(), ageSeconds: 600 });
      expect(await look()).toEqual({ where: 'here', pid: other.pid, answers: false });
      expect(lockIsThere()).toBe(true);
      rmSync(lock);
    }
  });

  it('is held by a process that listens for second starts', async () => {
    const other = startOther();
    const socket = path.join(path.dirname(chromium), 'socket');
    const server = createServer().listen(socket);
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    symlinkSync(socket, path.join(chromium, 'SingletonSocket'));
    symlinkSync(`${hostname()}-${other.pid}`, lock);
    expect(await look()).toEqual({ where: 'here', pid: other.pid, answers: true });
  });

  it.each(['nonsense', 'host-', '-5', 'host-12x'])('is left to Chromium if it says %j', async (text) => {
    symlinkSync(text, lock);
    expect(await look()).toEqual({ where: 'nowhere' });
    expect(readlinkSync(lock)).toBe(text);
  });
});

describe('heartbeat', () => {
  it('is there from the beginning, goes on, and ends', async () => {
    const clock = new ManualClock();
    const end = await beginHeartbeat(heartbeat, clock);
    expect(statSync(heartbeat).mode & 0o777).toBe(0o600);
    const own = { host: hostname(), pid: process.pid, started: startOf(process.pid), space: processSpace() };
    expect(await readHeartbeat(heartbeat)).toMatchObject(own);
    for (let turn = 0; turn < 3; turn += 1) {
      utimesSync(heartbeat, 1000, 1000);
      await expect
        .poll(() => {
          clock.advance(10_000);
          return statSync(heartbeat).mtimeMs;
        })
        .toBeGreaterThan(1_000_000);
    }
    expect((await readHeartbeat(heartbeat))?.ageMs).toEqual(expect.any(Number));
    writeFileSync(heartbeat, `${readFileSync(heartbeat, 'utf8')}${' '.repeat(16 * 1024)}`);
    expect(await readHeartbeat(heartbeat)).toBeUndefined();
    end();
    expect(await readHeartbeat(heartbeat)).toBeUndefined();
    expect(readdirSync(path.dirname(heartbeat))).toEqual(['chromium']);
  });
});
