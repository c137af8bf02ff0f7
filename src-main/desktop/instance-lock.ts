import { app } from 'electron';
import { revealHidden } from '#shared/visible-text';
import { isAlive } from '../live-process.ts';
import { StartError } from '../settings/command-line.ts';
import type { DataFolder } from '../settings/data-folder.ts';
import { type Running, readRunningFile } from '../settings/running-file.ts';
import { clearStaleLock } from './stale-lock.ts';

/**
 * Takes the lock of this data folder, which ends with the process, however it ends. Call it after Electron's
 * `userData` path was set: the lock belongs to that path. Answers false if another agent holds it; that one is told
 * (see {@link onSecondStart}), if it listens. Rejects with `StartError` if it is one of another machine.
 */
export async function takeInstanceLock({ folder, chromium, heartbeat }: DataFolder): Promise<boolean> {
  const holder = await clearStaleLock(chromium, heartbeat);
  if (holder.where === 'elsewhere') {
    const { host, pid, ageMs } = holder;
    throw new StartError(
      `A porthole on another machine, ${revealHidden(host)} (process ${pid}), uses ${folder}: it said so ${Math.round(ageMs / 1000)} s ago. Stop that one, or name another folder with --data-dir; if that machine is gone, start again in half a minute.`,
    );
  }
  // Chromium would kill a holder that does not listen, and it may only be that somebody has cleared /tmp.
  if (holder.where === 'here' && !holder.answers) return false;
  return app.requestSingleInstanceLock();
}

/** Calls `listener` whenever somebody starts a second agent on this data folder. */
export function onSecondStart(listener: () => void): void {
  app.on('second-instance', listener);
}

const POLL_MS = 50;
const PATIENCE_MS = 10_000;

/**
 * Where the agent that holds the lock listens; waits a moment for one that is still starting. Undefined if it does
 * not say so in time.
 */
export async function findRunningAgent(runningFile: string): Promise<Running | undefined> {
  for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += POLL_MS) {
    const running = readRunningFile(runningFile);
    if (running && isAlive(running.pid)) return running;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return undefined;
}
