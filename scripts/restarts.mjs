// @ts-check

const WINDOW_MS = 10 * 60_000;
const MOST_RESTARTS = 3;
/** Wrong flags, a port that is taken: trying again changes nothing. */
const EXIT_REFUSED = 2;
/** Somebody wanted the app to end, and it had not come far enough to end in order. @type {readonly unknown[]} */
const WISHES = ['SIGTERM', 'SIGINT', 'SIGHUP'];

/**
 * Decides whether an app that has ended is started again.
 * @param {object} end
 * @param {number | null} end.code
 * @param {NodeJS.Signals | null} end.signal
 * @param {boolean} end.wasTold Whether it was told to end.
 * @param {readonly number[]} earlierMs When it was started again before.
 * @param {number} nowMs On the same clock.
 * @returns {'ended' | 'again' | 'stays-down'}
 */
export function judgeEnd({ code, signal, wasTold }, earlierMs, nowMs) {
  if (wasTold || code === 0 || code === EXIT_REFUSED || WISHES.includes(signal)) return 'ended';
  return earlierMs.filter((atMs) => nowMs - atMs < WINDOW_MS).length < MOST_RESTARTS ? 'again' : 'stays-down';
}
