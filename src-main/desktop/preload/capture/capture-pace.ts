/** Without viewers: often enough that a snapshot, or the first picture of a new viewer, is never old. */
const UNWATCHED_FPS = 1;
/** On a still screen with viewers: a change is seen within 84 ms, at a fifth of the cost of the full rate. */
const STILL_FPS = 12;
/** A screen that has not changed for so long is still. */
const STILL_AFTER_MS = 1000;

/** Decides how often to look at the screen. Times are monotonic milliseconds. */
export class CapturePace {
  readonly #fullFps: number;
  #watched: boolean;
  #changedAtMs: number;
  #still = false;

  constructor(fullFps: number, watched: boolean, nowMs: number) {
    this.#fullFps = fullFps;
    this.#watched = watched;
    this.#changedAtMs = nowMs;
  }

  /** The rate that is wanted now. */
  get framesPerSecond(): number {
    if (!this.#watched) return UNWATCHED_FPS;
    return this.#still ? Math.min(STILL_FPS, this.#fullFps) : this.#fullFps;
  }

  setWatched(watched: boolean, nowMs: number): void {
    if (watched && !this.#watched) {
      this.#still = false;
      this.#changedAtMs = nowMs;
    }
    this.#watched = watched;
  }

  /** Takes note of one look at the screen. */
  onCapture(changed: boolean, nowMs: number): void {
    if (changed) this.#changedAtMs = nowMs;
    this.#still = nowMs - this.#changedAtMs >= STILL_AFTER_MS;
  }
}
