const WINDOW_MS = 10 * 60_000;

/** How often an agent is started again within ten minutes, before it stays down. */
export const MOST_RESTARTS = 3;

/** The times of earlier restarts, together with this one at `nowMs`; null if that would be one too many. */
export function claimRestart(earlierMs: readonly number[], nowMs: number): number[] | null {
  // A clock that was set back makes of an earlier restart one in the future: it counts.
  const recent = earlierMs.filter((atMs) => Math.abs(nowMs - atMs) < WINDOW_MS);
  return recent.length >= MOST_RESTARTS ? null : [...recent, nowMs];
}
