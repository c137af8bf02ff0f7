import type { Clock } from './clock.ts';

/** What a {@link PacedTask} does, and how often. */
export interface PacedTaskOptions {
  readonly clock: Clock;
  /** How long it waits after the first request, for others that come with it. */
  readonly delayMs: number;
  /** At least so much later than the last time it is done again. */
  readonly restMs: number;
  readonly task: () => void;
}

/**
 * Does one task for many requests: soon after the first of them, and then, however many come, no more often than once in
 * `restMs`. After the last request it is always done once more, so that what it shows is never left behind.
 */
export class PacedTask {
  readonly #options: PacedTaskOptions;
  #lastMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | null = null;

  constructor(options: PacedTaskOptions) {
    this.#options = options;
  }

  /** Asks for the task to be done from how things are then. */
  request(): void {
    if (this.#cancel) return;
    const { clock, delayMs, restMs, task } = this.#options;
    const waitMs = Math.max(delayMs, this.#lastMs + restMs - clock.monotonicMs());
    this.#cancel = clock.after(waitMs, () => {
      this.#cancel = null;
      this.#lastMs = clock.monotonicMs();
      task();
    });
  }

  /** Forgets what was requested. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}
