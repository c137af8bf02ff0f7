import type { Clock } from '../clock.ts';
import type { SessionRegistry } from './session-registry.ts';

/** A tick that comes later than this, beyond its due time, means that the machine slept or its clock jumped. */
const LATE_TICK_MS = 60_000;

/**
 * Drops sessions that show no sign of life: by itself on every tick, and on demand. A machine that was suspended
 * cannot have heard from anybody, so after a late tick each session gets a full timeout anew.
 */
export class Liveness {
  readonly #clock: Clock;
  readonly #registry: SessionRegistry;
  #timeoutMs: number;
  readonly #tickMs: number;
  readonly #onTickError: (error: unknown) => void;
  #lastTick: { readonly wallMs: number; readonly monotonicMs: number };
  #cancelTick: () => void = () => undefined;

  constructor(options: {
    clock: Clock;
    registry: SessionRegistry;
    timeoutMs: number;
    tickMs: number;
    onTickError: (error: unknown) => void;
  }) {
    this.#clock = options.clock;
    this.#registry = options.registry;
    this.#timeoutMs = options.timeoutMs;
    this.#tickMs = options.tickMs;
    this.#onTickError = options.onTickError;
    this.#lastTick = this.#now();
  }

  /** Begins to tick. */
  start(): void {
    this.#lastTick = this.#now();
    this.#scheduleTick();
  }

  /** Ends the ticking. */
  stop(): void {
    this.#cancelTick();
  }

  /** Drops sessions after so long without a sign of life from the next tick on. */
  setTimeoutMs(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
  }

  /** Drops every session without a sign of life for `timeoutMs`, exactly; answers their ids. */
  check(timeoutMs: number): string[] {
    this.#noteGap();
    return this.#registry.dropInactive(timeoutMs);
  }

  #scheduleTick(): void {
    this.#cancelTick = this.#clock.after(this.#tickMs, () => {
      try {
        this.#noteGap();
        this.#lastTick = this.#now();
        this.#registry.dropInactive(this.#timeoutMs);
        this.#registry.saveProgress();
      } catch (error) {
        this.#onTickError(error);
      } finally {
        this.#scheduleTick();
      }
    });
  }

  /**
   * Both clocks are asked: where the monotonic one stands still during suspend (Linux), only the wall clock
   * shows the gap.
   */
  #noteGap(): void {
    const now = this.#now();
    const latestOnTimeMs = this.#tickMs + LATE_TICK_MS;
    const late =
      now.monotonicMs - this.#lastTick.monotonicMs > latestOnTimeMs ||
      Math.abs(now.wallMs - this.#lastTick.wallMs) > latestOnTimeMs;
    if (!late) return;
    this.#lastTick = now;
    this.#registry.grantGrace();
  }

  #now(): { wallMs: number; monotonicMs: number } {
    return { wallMs: this.#clock.wallMs(), monotonicMs: this.#clock.monotonicMs() };
  }
}
