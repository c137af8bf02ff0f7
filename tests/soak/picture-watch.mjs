// @ts-check

/** A picture may be so old; more is a stall. */
export const STALL_MS = 2000;

/**
 * A time in which a viewer had no picture that was young enough.
 * @typedef {{ fromMs: number, untilMs: number }} Stall
 */

/** What may leave a viewer without a picture for a while: the death of the capture process, a pause that has ended. */
/** @typedef {'kill' | 'resume'} Interruption */

/**
 * Judges what one viewer saw: whether its picture ever was older than 2 s, and how long it was without one after an
 * interruption. Times are of one monotonic clock, in milliseconds.
 */
export class PictureWatch {
  /** From when the picture was no longer that of the screen to the last look at it. */
  stalls = /** @type {Stall[]} */ ([]);
  /** From each interruption to the first picture of what was painted after it. */
  recoveriesMs = /** @type {Record<Interruption, number[]>} */ ({ kill: [], resume: [] });
  /** From the viewer's request to its first picture of the screen; null before. */
  firstPictureMs = /** @type {number | null} */ (null);
  /** The oldest that the picture was, interruptions aside. */
  oldestMs = 0;
  #startedAtMs;
  /** Up to then the viewer is known to have seen the screen as it was. */
  #freshAtMs;
  /** @type {{ kind: Interruption, atMs: number } | null} */
  #interruption = null;
  #paused = false;
  /** @type {Stall | null} */
  #stall = null;

  /**
   * @param {number} nowMs When the viewer asked for the stream.
   */
  constructor(nowMs) {
    this.#startedAtMs = nowMs;
    this.#freshAtMs = nowMs;
  }

  /** Whether the viewer waits for the first picture after an interruption. */
  get isRecovering() {
    return this.#interruption !== null;
  }

  /** Whether there is nothing to see because the share is paused. */
  get isPaused() {
    return this.#paused;
  }

  /**
   * Takes note that the process was killed that this viewer's pictures come from.
   * @param {number} nowMs
   */
  onKill(nowMs) {
    if (!this.#paused) this.#interruption ??= { kind: 'kill', atMs: nowMs };
  }

  /** From now on the viewer sees a slate, by intention. */
  onPause() {
    this.#paused = true;
    this.#interruption = null;
    this.#closeStall();
  }

  /**
   * The viewer is to see the screen again.
   * @param {number} nowMs
   */
  onResume(nowMs) {
    this.#paused = false;
    this.#interruption = { kind: 'resume', atMs: nowMs };
  }

  /**
   * Takes what the viewer sees at `nowMs`; null for what is no picture of the screen.
   * @param {number} nowMs
   * @param {import('./marker-clock.mjs').Sight | null} sight
   */
  onLook(nowMs, sight) {
    if (this.#paused) return;
    if (sight) {
      this.firstPictureMs ??= nowMs - this.#startedAtMs;
      if (this.#interruption && sight.fromMs > this.#interruption.atMs) {
        this.recoveriesMs[this.#interruption.kind].push(nowMs - this.#interruption.atMs);
        this.#interruption = null;
        this.#freshAtMs = nowMs;
      }
      this.#freshAtMs = Math.max(this.#freshAtMs, sight.untilMs ?? nowMs);
    }
    if (this.#interruption) return;
    const ageMs = nowMs - this.#freshAtMs;
    this.oldestMs = Math.max(this.oldestMs, ageMs);
    if (ageMs > STALL_MS) this.#stall = { fromMs: this.#freshAtMs, untilMs: nowMs };
    else this.#closeStall();
  }

  /**
   * Closes the account: a stall or a recovery that is still going on counts as long as it lasted.
   * @param {number} nowMs
   */
  finish(nowMs) {
    if (this.#interruption && nowMs - this.#interruption.atMs > STALL_MS) {
      this.recoveriesMs[this.#interruption.kind].push(nowMs - this.#interruption.atMs);
    }
    this.#closeStall();
  }

  #closeStall() {
    if (this.#stall) this.stalls.push(this.#stall);
    this.#stall = null;
  }
}
