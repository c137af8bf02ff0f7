import { app } from 'electron';
import { type Running, readRunningFile } from '../settings/running-file.ts';

/**
 * Takes the lock of this data folder, which ends with the process, however it ends. Call it after Electron's
 * `userData` path was set: the lock belongs to that path. Returns false if another agent holds it; that one is told
 * (see {@link onSecondStart}).
 */
export function takeInstanceLock(): boolean {
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

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
