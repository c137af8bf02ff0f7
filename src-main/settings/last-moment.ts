import { existsSync, statSync, utimesSync } from 'node:fs';

/*
 * The time of the file in which an agent says that it works on its data folder is when it was last known to live: the agent
 * sets it every few seconds, and its guardian when it sees it end.
 */

/**
 * When the run that left the heartbeat `file` was last known to live: wall time in whole milliseconds, as all that is on
 * record; null if it ended in order.
 */
export function readLastMoment(file: string): number | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats ? Math.floor(stats.mtimeMs) : null;
}

/** Says that the run of the heartbeat `file` lived until now; nothing where it has ended in order. */
export function noteLastMoment(file: string): void {
  const now = new Date();
  if (existsSync(file)) utimesSync(file, now, now);
}
