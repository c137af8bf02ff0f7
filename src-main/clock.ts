/** Where the agent gets its time from; tests inject their own. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. May jump either way; for showing and storing only. */
  wallMs(): number;
  /** Monotonic clock in milliseconds from an arbitrary start; never goes back. For every duration and deadline. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`; the returned function cancels it and may be called again. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The machine's own clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
