import type { Clock } from '../clock.ts';

// Timers hold no longer delay (2^31 ms); and a wall clock that is set gets noticed within this time.
const LONGEST_DELAY_MS = 60_000;

/** Calls back when names expire by the wall clock, each once; a clock that is set is noticed within a minute. */
export class Expiry {
  readonly #clock: Clock;
  readonly #onExpired: (name: string) => void;
  readonly #timers = new Map<string, () => void>();

  constructor(clock: Clock, onExpired: (name: string) => void) {
    this.#clock = clock;
    this.#onExpired = onExpired;
  }

  /** Lets `name` expire at `atMs`, wall time. */
  add(name: string, atMs: number): void {
    const leftMs = atMs - this.#clock.wallMs();
    const cancel = this.#clock.after(Math.max(0, Math.min(leftMs, LONGEST_DELAY_MS)), () => {
      this.#timers.delete(name);
      if (this.#clock.wallMs() >= atMs) this.#onExpired(name);
      else this.add(name, atMs);
    });
    this.#timers.set(name, cancel);
  }

  /** Forgets `name`. Idempotent. */
  remove(name: string): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }

  /** Forgets all names. */
  close(): void {
    for (const name of [...this.#timers.keys()]) this.remove(name);
  }
}
