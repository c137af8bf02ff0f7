import type { Clock } from '../clock.ts';
import type { HeldBytes } from './send-queues.ts';

/** A write that took so long to be taken by the system found its buffers full: the link is slower than the stream. */
const BLOCKED_MS = 100;
/** A link that has kept up for so long is not taken for slow any more. */
const SUSPECT_MS = 30_000;
/** How often to look at what the system holds back for a slow viewer; what happens between is reckoned. */
const LOOK_MS = 1000;
/** What is sent now may wait for so long behind what was sent before. */
const MAX_LAG_MS = 300;
/** So little is no sign of anything. */
const FLOOR_BYTES = 16 * 1024;

/**
 * Tells whether a viewer's link lags behind. A fast link costs nothing here; one that once made a write wait is
 * watched: what was written less what the system still holds back has arrived, and how fast it did is the link's rate.
 */
export class LinkPace {
  readonly #clock: Clock;
  readonly #heldBytes: HeldBytes;
  #suspectUntilMs = Number.NEGATIVE_INFINITY;
  #bytesPerMs = 0;
  #written = 0;
  #look: { readonly atMs: number; readonly held: number; readonly written: number } | null = null;
  #arrived = 0;

  constructor(clock: Clock, heldBytes: HeldBytes) {
    this.#clock = clock;
    this.#heldBytes = heldBytes;
  }

  /** Bytes that arrived up to the last look: rises while the viewer takes anything. */
  get arrivedBytes(): number {
    return this.#arrived;
  }

  /** Takes note that the system has taken `bytes`, for which they waited `tookMs`. */
  onWritten(bytes: number, tookMs: number): void {
    this.#written += bytes;
    if (tookMs < BLOCKED_MS) return;
    // Into full buffers as much goes as leaves them.
    const bytesPerMs = bytes / tookMs;
    this.#bytesPerMs = this.#isSuspect() ? (this.#bytesPerMs + bytesPerMs) / 2 : bytesPerMs;
    this.#suspectUntilMs = this.#clock.monotonicMs() + SUSPECT_MS;
  }

  /** Whether what is sent now would wait for more than 0.3 s. False where the system does not say. */
  lags(): boolean {
    if (!this.#isSuspect()) {
      this.#look = null;
      return false;
    }
    const now = this.#clock.monotonicMs();
    if (!this.#look || now - this.#look.atMs >= LOOK_MS) {
      const held = this.#heldBytes(LOOK_MS / 2);
      if (held === null) return false;
      this.#learn(now, held);
    }
    const { atMs, held, written } = this.#look ?? { atMs: now, held: 0, written: this.#written };
    const underWay = held + this.#written - written - this.#bytesPerMs * (now - atMs);
    const lags = underWay > Math.max(FLOOR_BYTES, this.#bytesPerMs * MAX_LAG_MS);
    if (lags) this.#suspectUntilMs = now + SUSPECT_MS;
    return lags;
  }

  /** How long so many bytes would take over a link that lately made a write wait; 0 over any other. */
  transferMs(bytes: number): number {
    return this.#isSuspect() && this.#bytesPerMs > 0 ? bytes / this.#bytesPerMs : 0;
  }

  #isSuspect(): boolean {
    return this.#clock.monotonicMs() < this.#suspectUntilMs;
  }

  #learn(now: number, held: number): void {
    const arrived = this.#written - held;
    if (this.#look) {
      const bytesPerMs = Math.max(0, arrived - this.#arrived) / (now - this.#look.atMs);
      // A link on which nothing waited may be faster than what was sent over it.
      const wasBusy = held > 0 && this.#look.held > 0;
      this.#bytesPerMs = wasBusy
        ? (this.#bytesPerMs + bytesPerMs) / 2
        : Math.max(this.#bytesPerMs, bytesPerMs);
    }
    this.#look = { atMs: now, held, written: this.#written };
    this.#arrived = Math.max(this.#arrived, arrived);
  }
}
