import type { Clock } from '../../src-main/clock.ts';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until told; its wall time can jump without the monotonic time moving. */
export class ManualClock implements Clock {
  #wallMs = Date.UTC(2026, 0, 1);
  #monotonicMs = 1000;
  readonly #timers = new Set<Timer>();

  wallMs(): number {
    return this.#wallMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { dueMs: this.#monotonicMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that wait, so that a test can assert that none is left. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /** Takes away every timer, as the death of the process that set them would. */
  forgetTimers(): void {
    this.#timers.clear();
  }

  /** Moves both clocks on and runs each timer at its own due time, in order. */
  advance(byMs: number): void {
    const endMs = this.#monotonicMs + byMs;
    for (;;) {
      const next = [...this.#timers]
        .filter((timer) => timer.dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs)[0];
      if (!next) break;
      this.#timers.delete(next);
      this.#move(next.dueMs - this.#monotonicMs);
      next.callback();
    }
    this.#move(endMs - this.#monotonicMs);
  }

  /** Moves both clocks on as a suspended machine would: no timer runs until afterwards, then all that are due. */
  suspend(forMs: number): void {
    this.#move(forMs);
    this.advance(0);
  }

  /** Sets the wall clock off by `byMs`, as a user or NTP would; monotonic time does not move. */
  jumpWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  #move(byMs: number): void {
    if (byMs <= 0) return;
    this.#monotonicMs += byMs;
    this.#wallMs += byMs;
  }
}
