import { PortholeError } from '#shared/errors';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';

/** What is kept of a source that sent wrong secrets. */
export interface LockoutRecord {
  readonly source: string;
  readonly failures: number;
  /** Whether it has a wait before it that it has not yet served. */
  readonly waiting: boolean;
}

/** Where wrong attempts are kept over a restart. */
export interface LockoutJournal {
  list(): LockoutRecord[];
  save(record: LockoutRecord): void;
  remove(source: string): void;
}

/** What a {@link Lockout} works with. */
export interface LockoutOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: LockoutJournal;
}

/** So many wrong secrets are forgiven. */
export const FORGIVEN_FAILURES = 5;

const FIRST_WAIT_MS = 5000;
const LONGEST_WAIT_MS = 60 * 60_000;
/** A source that has sent nothing wrong for so long starts anew. */
const FORGET_MS = 24 * 60 * 60_000;
const MAX_SOURCES = 10_000;
/** So many wrong secrets within a minute, whoever sent them, are worth a warning. */
const ALARMING_FAILURES = 20;
const ALARM_WINDOW_MS = 60_000;

interface Entry {
  failures: number;
  /** On the monotonic clock, like all times here; null while the source may try. */
  lockedUntilMs: number | null;
  lastFailureMs: number;
}

/**
 * Makes sources that send wrong secrets wait: after five of them for 5 s, then twice as long after each further one, an
 * hour at most. Only the source itself waits; wrong secrets of all together are logged and have no other effect, or
 * anybody could lock everybody out.
 *
 * Waits are measured on the monotonic clock, so that setting the wall clock ends none and makes none endless. What is
 * kept is how many attempts were wrong and whether a wait is unserved: that one begins again after a restart.
 */
export class Lockout {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #journal: LockoutJournal;
  /** The one whose last failure is longest ago comes first. */
  readonly #entries = new Map<string, Entry>();
  #minute = { beganAtMs: Number.NEGATIVE_INFINITY, failures: 0 };

  constructor(options: LockoutOptions) {
    this.#clock = options.clock;
    this.#log = options.log;
    this.#journal = options.journal;
    const nowMs = this.#clock.monotonicMs();
    for (const { source, failures, waiting } of this.#journal.list()) {
      const lockedUntilMs = waiting ? nowMs + waitMs(failures) : null;
      this.#entries.set(source, { failures, lockedUntilMs, lastFailureMs: nowMs });
    }
  }

  /** Whether any source has a wait before it; where none has, nobody needs to be told apart. */
  get isAnybodyLocked(): boolean {
    for (const { lockedUntilMs } of this.#entries.values()) if (lockedUntilMs !== null) return true;
    return false;
  }

  /** Throws `too_many_attempts`, with the seconds to wait, while `source` has to. */
  assertMayTry(source: string): void {
    const entry = this.#entries.get(source);
    if (!entry || entry.lockedUntilMs === null) return;
    const leftMs = entry.lockedUntilMs - this.#clock.monotonicMs();
    if (leftMs <= 0) {
      entry.lockedUntilMs = null;
      this.#save({ source, failures: entry.failures, waiting: false });
      return;
    }
    const seconds = Math.ceil(leftMs / 1000);
    throw new PortholeError(
      'too_many_attempts',
      `Too many wrong tokens or keys came from your address; wait ${seconds} s.`,
      { retryAfterSeconds: seconds },
    );
  }

  /** Counts a wrong secret from `source`. */
  noteFailure(source: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#forget(nowMs);
    const failures = (this.#entries.get(source)?.failures ?? 0) + 1;
    const waiting = failures >= FORGIVEN_FAILURES;
    this.#entries.delete(source);
    this.#entries.set(source, {
      failures,
      lockedUntilMs: waiting ? nowMs + waitMs(failures) : null,
      lastFailureMs: nowMs,
    });
    this.#save({ source, failures, waiting });
    this.#log.warn(
      { source, failures, waitSeconds: waiting ? waitMs(failures) / 1000 : 0 },
      'a wrong secret',
    );
    this.#alarm(nowMs);
  }

  #alarm(nowMs: number): void {
    if (nowMs - this.#minute.beganAtMs >= ALARM_WINDOW_MS) this.#minute = { beganAtMs: nowMs, failures: 0 };
    this.#minute.failures += 1;
    if (this.#minute.failures === ALARMING_FAILURES)
      this.#log.warn({ failures: ALARMING_FAILURES }, 'somebody seems to be guessing tokens or keys');
  }

  /** What the disk does not take is lost at the next restart, and nothing else. */
  #save(record: LockoutRecord): void {
    try {
      this.#journal.save(record);
    } catch (error) {
      this.#log.error({ err: error }, 'a wrong secret could not be recorded');
    }
  }

  /** Forgets what is long ago, and the oldest of too many. */
  #forget(nowMs: number): void {
    for (const [source, entry] of this.#entries) {
      const isOld = nowMs - entry.lastFailureMs >= FORGET_MS;
      if (!isOld && this.#entries.size < MAX_SOURCES) return;
      this.#entries.delete(source);
      this.#journal.remove(source);
    }
  }
}

function waitMs(failures: number): number {
  // Doubled no more often than it takes to reach the longest: 2 to the power of thousands is no number.
  const doublings = Math.min(failures - FORGIVEN_FAILURES, 20);
  return Math.min(FIRST_WAIT_MS * 2 ** doublings, LONGEST_WAIT_MS);
}
