import type { Clock } from '../clock.ts';
import type { HeldBytes } from './send-queues.ts';

/** How often to look at what the system holds back. */
const LOOK_MS = 100;
/** What is sent now may wait for so long behind what was sent before. */
const MAX_LAG_MS = 300;
/** So little is no sign of anything. */
const FLOOR_BYTES = 64 * 1024;
/** As much may be under way while nothing is known of the link. */
const UNKNOWN_LINK_BYTES = 256 * 1024;

/**
 * Tells whether a viewer's link keeps up. It compares what was written with what the system still holds back: the
 * difference has arrived, and how fast it did is the link's rate for as long as something was held back.
 */
export class LinkPace {
  readonly #clock: Clock;
  readonly #heldBytes: HeldBytes;
  #written = 0;
  #arrivedBefore = 0;
  #heldBefore = 0;
  #writtenBefore = 0;
  #lookedAtMs: number | null = null;
  #bytesPerMs: number | null = null;

  constructor(clock: Clock, heldBytes: HeldBytes) {
    this.#clock = clock;
    this.#heldBytes = heldBytes;
  }

  /** Bytes that arrived up to the last look: rises while the viewer takes anything. */
  get arrivedBytes(): number {
    return this.#arrivedBefore;
  }

  /** Takes note of bytes that were handed to the system. */
  onWritten(bytes: number): void {
    this.#written += bytes;
  }

  /** Whether what is sent now would wait for more than 0.3 s. False where the system does not say. */
  lags(): boolean {
    const held = this.#heldBytes(LOOK_MS);
    if (held === null) return false;
    this.#look(held);
    const underWay = this.#heldBefore + this.#written - this.#writtenBefore;
    if (underWay <= FLOOR_BYTES) return false;
    if (this.#bytesPerMs === null) return underWay > UNKNOWN_LINK_BYTES;
    return underWay > this.#bytesPerMs * MAX_LAG_MS;
  }

  #look(held: number): void {
    const now = this.#clock.monotonicMs();
    const elapsedMs = this.#lookedAtMs === null ? 0 : now - this.#lookedAtMs;
    if (this.#lookedAtMs !== null && elapsedMs < LOOK_MS) return;
    const arrived = this.#written - held;
    if (elapsedMs > 0) {
      const bytesPerMs = Math.max(0, arrived - this.#arrivedBefore) / elapsedMs;
      const known = this.#bytesPerMs ?? bytesPerMs;
      // A link on which nothing waited may be faster than what was sent over it.
      const wasBusy = held > 0 && this.#heldBefore > 0;
      this.#bytesPerMs = wasBusy ? (known + bytesPerMs) / 2 : Math.max(known, bytesPerMs);
    }
    this.#lookedAtMs = now;
    this.#arrivedBefore = Math.max(this.#arrivedBefore, arrived);
    this.#heldBefore = held;
    this.#writtenBefore = this.#written;
  }
}
