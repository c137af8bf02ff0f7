import type { Clock } from '../agent/clock.ts';

/** What a page measures of the pictures that it shows. */
export interface Figures {
  /** Different pictures shown per second, over the last two; 0 for a screen that stands still, null before it is known. */
  readonly framesPerSecond: number | null;
  /** From when the agent had captured a picture until it was drawn here, the middle of the last ones; null if unknown. */
  readonly delayMs: number | null;
  /** By how much the delay may be wrong. */
  readonly delayErrorMs: number | null;
}

/** Nothing measured yet. */
export const NO_FIGURES: Figures = { framesPerSecond: null, delayMs: null, delayErrorMs: null };

const WINDOW_MS = 2000;
const SETTLED_MS = 1000;

interface Shown {
  readonly atMs: number;
  readonly delayMs: number | null;
}

/** Counts pictures as they are shown. */
export class PictureFigures {
  readonly #clock: Clock;
  #shown: Shown[] = [];
  #startedAtMs: number;
  #sequence: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAtMs = clock.monotonicMs();
  }

  /** Begins anew, with a new connection. */
  restart(): void {
    this.#shown = [];
    this.#sequence = null;
    this.#startedAtMs = this.#clock.monotonicMs();
  }

  /**
   * Takes note that a picture was drawn, `delayMs` after the screen looked so. Repeats, known by their number, count for
   * nothing; the first picture of a connection may show a screen that has stood still for long, so its age is no delay.
   */
  add(sequence: number | null, delayMs: number | null): void {
    if (sequence !== null && sequence === this.#sequence) return;
    const isFirst = this.#sequence === null;
    this.#sequence = sequence;
    this.#shown.push({ atMs: this.#clock.monotonicMs(), delayMs: isFirst ? null : delayMs });
  }

  /** The figures now; `delayErrorMs` is passed on. */
  read(delayErrorMs: number | null): Figures {
    const nowMs = this.#clock.monotonicMs();
    this.#shown = this.#shown.filter(({ atMs }) => nowMs - atMs < WINDOW_MS);
    const overMs = Math.min(WINDOW_MS, nowMs - this.#startedAtMs);
    const delays = this.#shown
      .map(({ delayMs }) => delayMs)
      .filter((delayMs) => delayMs !== null)
      .sort((a, b) => a - b);
    const delayMs = delays[Math.floor(delays.length / 2)] ?? null;
    return {
      framesPerSecond: overMs < SETTLED_MS ? null : (this.#shown.length * 1000) / overMs,
      delayMs,
      delayErrorMs: delayMs === null ? null : delayErrorMs,
    };
  }
}
