/** Where the pages get their time from; tests inject their own. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch; for telling how long ago something was, never for a deadline. */
  wallMs(): number;
  /** Monotonic clock in milliseconds from an arbitrary start. */
  monotonicMs(): number;
  /** Calls `callback` once after `delayMs`; the returned function cancels it and may be called again. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The browser's own clock. */
export const browserClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
