// @ts-check

/** A picture may be so old; more is a stall. */
export const STALL_MS = 2000;

/**
 * Judges what one viewer saw: whether its picture ever was older than 2 s, and how long it was without one after the
 * capture process had been killed. Times are of one monotonic clock, in milliseconds.
 */
export class PictureWatch {
  /** How long each stall lasted. */
  stallsMs = /** @type {number[]} */ ([]);
  /** From each kill to the first picture of what was painted after it. */
  recoveriesMs = /** @type {number[]} */ ([]);
  /** From the viewer's request to its first picture of the screen; null before. */
  firstPictureMs = /** @type {number | null} */ (null);
  /** The oldest that the picture was, kills aside. */
  oldestMs = 0;
  #startedAtMs;
  /** Up to then the viewer is known to have seen the screen as it was. */
  #freshAtMs;
  /** @type {number | null} */
  #killedAtMs = null;
  #stalledForMs = 0;

  /**
   * @param {number} nowMs When the viewer asked for the stream.
   */
  constructor(nowMs) {
    this.#startedAtMs = nowMs;
    this.#freshAtMs = nowMs;
  }

  /** Whether the viewer waits for the first picture after a kill. */
  get isRecovering() {
    return this.#killedAtMs !== null;
  }

  /**
   * Takes note that the process was killed that this viewer's pictures come from.
   * @param {number} nowMs
   */
  onKill(nowMs) {
    this.#killedAtMs ??= nowMs;
  }

  /**
   * Takes what the viewer sees at `nowMs`; null for what is no picture of the screen.
   * @param {number} nowMs
   * @param {import('./marker-clock.mjs').Sight | null} sight
   */
  onLook(nowMs, sight) {
    if (sight) {
      this.firstPictureMs ??= nowMs - this.#startedAtMs;
      if (this.#killedAtMs !== null && sight.fromMs > this.#killedAtMs) {
        this.recoveriesMs.push(nowMs - this.#killedAtMs);
        this.#killedAtMs = null;
        this.#freshAtMs = nowMs;
      }
      this.#freshAtMs = Math.max(this.#freshAtMs, sight.untilMs ?? nowMs);
    }
    if (this.#killedAtMs !== null) return;
    const ageMs = nowMs - this.#freshAtMs;
    this.oldestMs = Math.max(this.oldestMs, ageMs);
    if (ageMs > STALL_MS) this.#stalledForMs = ageMs;
    else if (this.#stalledForMs > 0) {
      this.stallsMs.push(this.#stalledForMs);
      this.#stalledForMs = 0;
    }
  }

  /**
   * Closes the account: a stall or a recovery that is still going on counts as long as it lasted.
   * @param {number} nowMs
   */
  finish(nowMs) {
    if (this.#killedAtMs !== null && nowMs - this.#killedAtMs > STALL_MS) {
      this.recoveriesMs.push(nowMs - this.#killedAtMs);
    }
    if (this.#stalledForMs > 0) this.stallsMs.push(this.#stalledForMs);
  }
}
