import { readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { isAlive, processSpace, startOf } from '../live-process.ts';
import { type Heartbeat, readHeartbeat } from '../settings/heartbeat-file.ts';

/** Who holds the lock of a data folder, as far as a look at its files tells. */
export type LockHolder =
  /** Nobody, or somebody who is gone. */
  | { readonly where: 'nowhere' }
  /** A process of this machine; `answers` says whether it can be told that somebody wants to start a second one. */
  | { readonly where: 'here'; readonly pid: number; readonly answers: boolean }
  /** A process of another machine that shares the folder. */
  | { readonly where: 'elsewhere'; readonly host: string; readonly pid: number; readonly ageMs: number };

/** An agent that has said nothing for so long is gone. */
const SILENCE_MS = 30_000;
const CONNECT_TRIES = 20;
const CONNECT_PAUSE_MS = 50;
const NOBODY: LockHolder = { where: 'nowhere' };

/**
 * Finds out who holds Chromium's lock in `chromium`, and removes one whose holder is gone: Chromium itself takes a lock of
 * another host's name for held for ever, and ends whatever process has the number of one of this host that does not
 * answer. The lock is a link to `host-pid` (chrome/browser/process_singleton_posix.cc); `heartbeatFile` says who works
 * on the data folder.
 */
export async function clearStaleLock(chromium: string, heartbeatFile: string): Promise<LockHolder> {
  const file = path.join(chromium, 'SingletonLock');
  const text = readLink(file);
  const [, host, number] = /^(.+)-(\d+)$/s.exec(text ?? '') ?? [];
  // What is no such link Chromium removes by itself.
  if (text === null || host === undefined) return NOBODY;
  const pid = Number(number);
  const said = await readHeartbeat(heartbeatFile);
  const heartbeat = said?.host === host && said.pid === pid ? said : undefined;
  // A machine whose name has changed is still this one.
  const isHere = host === hostname() || heartbeat?.space === processSpace();
  if (isHere) {
    const socket = path.join(chromium, 'SingletonSocket');
    if (await isHolder(pid, heartbeat, socket)) return { where: 'here', pid, answers: await answers(socket) };
  } else if (heartbeat && Math.abs(heartbeat.ageMs) <= SILENCE_MS) {
    return { where: 'elsewhere', host, pid, ageMs: Math.abs(heartbeat.ageMs) };
  }
  removeLock(file, text);
  return NOBODY;
}

/** Whether a process of this machine is the agent that made a lock, and not one that was given its number since. */
async function isHolder(pid: number, heartbeat: Heartbeat | undefined, socket: string): Promise<boolean> {
  if (pid === process.pid || !isAlive(pid)) return false;
  const started = startOf(pid);
  if (heartbeat && started !== null && heartbeat.space === processSpace())
    return heartbeat.started === started;
  // One of an older version, or one that has begun a moment ago.
  for (let tries = 0; tries < CONNECT_TRIES; tries += 1) {
    if (await answers(socket)) return true;
    await new Promise((resolve) => setTimeout(resolve, CONNECT_PAUSE_MS));
  }
  return false;
}

/** Whether somebody listens at the socket that second starts talk to. Nothing is said to them. */
function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(readLink(socket) ?? socket);
    const settle = (isOpen: boolean) => () => {
      connection.destroy();
      resolve(isOpen);
    };
    connection.once('connect', settle(true));
    connection.once('error', settle(false));
  });
}

/** Removes a lock, unless it has become another one: two machines may look at the same time. */
function removeLock(file: string, text: string): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    const taken = readLink(aside);
    if (taken !== null && taken !== text) symlinkSync(taken, file);
  } catch {
    // Somebody else was faster, or it may not be removed: Chromium says so then.
  }
  rmSync(aside, { force: true });
}

function readLink(file: string): string | null {
  try {
    return readlinkSync(file);
  } catch {
    return null;
  }
}
