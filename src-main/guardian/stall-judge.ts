import type { ThreadLook } from './thread-look.ts';

/** What becomes of an agent that is looked at. */
export type Verdict =
  /** It has said that it lives. */
  | 'alive'
  /** It is silent, and nothing follows from that yet. */
  | 'silent'
  /** It has been stopped or waits for a disk, and cannot be asked to end anything: what it started is to wait for it. */
  | 'halted'
  /** It waits for a disk for so long that what it started must not wait any longer. */
  | 'out-of-reach'
  /** It has had all the time it needs to say that it lives, and does not. */
  | 'stalled';

/** One look at the agent. */
export interface Look {
  /** Since the look before, on a clock that stands still while the machine sleeps. */
  readonly passedMs: number;
  /** Whether it has said since that it lives. */
  readonly isAlive: boolean;
  /** Its main thread; null where the system does not tell. */
  readonly thread: ThreadLook | null;
}

/** So long a silence means nothing: a beat was late. */
const USUAL_SILENCE_MS = 1000;
/** So long a disk may take. */
const DISK_PATIENCE_MS = 60_000;
/** A look that comes later than this was kept from coming: by a machine that slept, or had no time for anybody. */
const LATE_LOOK_MS = 1000;

/**
 * Tells an agent that hangs from one that does not get to answer. What counts is not how long it has been silent, but
 * how much of that time was its own: the time in which its main thread ran, or slept with nothing in its way. A
 * machine that sleeps, one that has no time for it, somebody who stopped it: that is time of others.
 */
export class StallJudge {
  #silentMs = 0;
  #ownMs = 0;
  #diskMs = 0;
  #before: ThreadLook | null = null;

  /** Judges by one more look; `stallMs` is how much of its own time an agent may be silent, 0 for any. */
  judge({ passedMs, isAlive, thread }: Look, stallMs: number): Verdict {
    const before = this.#before;
    this.#before = thread;
    if (isAlive) {
      this.#silentMs = 0;
      this.#ownMs = 0;
      this.#diskMs = 0;
      return 'alive';
    }
    const countedMs = Math.min(passedMs, LATE_LOOK_MS);
    this.#silentMs += countedMs;
    if (thread?.state === 'D') this.#diskMs += countedMs;
    if (thread && 'TtD'.includes(thread.state)) {
      if (this.#diskMs >= DISK_PATIENCE_MS) return 'out-of-reach';
      return this.#silentMs > USUAL_SILENCE_MS ? 'halted' : 'silent';
    }
    this.#ownMs += countedMs * shareOfOwn(passedMs, before, thread);
    return stallMs > 0 && this.#ownMs >= stallMs ? 'stalled' : 'silent';
  }
}

/** Which part of the time between two looks was the thread's own, 0 to 1. */
function shareOfOwn(passedMs: number, before: ThreadLook | null, now: ThreadLook | null): number {
  if (!before || !now || before.ranMs === null || now.ranMs === null || passedMs <= 0) return 1;
  // What waits for a processor is counted by the kernel only once it gets one.
  if (now.state === 'R') return clamp((now.ranMs - before.ranMs) / passedMs);
  if (before.waitedMs === null || now.waitedMs === null) return 1;
  return 1 - clamp((now.waitedMs - before.waitedMs) / passedMs);
}

function clamp(share: number): number {
  return Math.max(0, Math.min(1, share));
}
