import type { Clock } from '../clock.ts';

const BUCKET_MS = 250;
const BUCKETS = 8;

/** Counts events and tells how many per second there were lately; takes the same few bytes at any rate. */
export class RateMeter {
  readonly #clock: Clock;
  readonly #counts = new Uint32Array(BUCKETS);
  readonly #startedAtMs: number;
  #bucket: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAtMs = clock.monotonicMs();
    this.#bucket = Math.floor(this.#startedAtMs / BUCKET_MS);
  }

  /** Counts `events` that happened now. */
  add(events = 1): void {
    this.#moveOn();
    const slot = this.#bucket % BUCKETS;
    this.#counts[slot] = (this.#counts[slot] ?? 0) + events;
  }

  /** Events per second over the last two seconds, or since the start if that is less. */
  perSecond(): number {
    this.#moveOn();
    const now = this.#clock.monotonicMs();
    const oldestMs = Math.max(this.#startedAtMs, (this.#bucket - BUCKETS + 1) * BUCKET_MS);
    const spanMs = now - oldestMs;
    if (spanMs < BUCKET_MS) return 0;
    const total = this.#counts.reduce((sum, count) => sum + count, 0);
    return Math.round((total * 10_000) / spanMs) / 10;
  }

  #moveOn(): void {
    const current = Math.floor(this.#clock.monotonicMs() / BUCKET_MS);
    for (let steps = Math.min(current - this.#bucket, BUCKETS); steps > 0; steps--) {
      this.#counts[(current - steps + 1) % BUCKETS] = 0;
    }
    this.#bucket = current;
  }
}
