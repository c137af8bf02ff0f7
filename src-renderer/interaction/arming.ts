import type { Clock } from '../agent/clock.ts';

/** `idle`: cannot be seen. `arming`: is seen, but not for long enough. `armed`: may react. */
export type ArmingPhase = 'idle' | 'arming' | 'armed';

/**
 * Keeps a button from being pressed by accident: it is armed only once it has been in view, in one place, for
 * `delayMs` without a break, so that a press meant for what was there before cannot hit it.
 */
export class Arming {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #onChange: (phase: ArmingPhase) => void;
  readonly #onBegin: () => void;
  #cancel: (() => void) | null = null;
  #phase: ArmingPhase = 'idle';

  /**
   * `onChange` is called only when the phase changes; the first is `idle`. `onBegin` is called each time that the delay
   * begins, also anew.
   */
  constructor(
    clock: Clock,
    delayMs: number,
    onChange: (phase: ArmingPhase) => void,
    onBegin: () => void = () => undefined,
  ) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#onChange = onChange;
    this.#onBegin = onBegin;
  }

  /** Tells whether the button can be seen now. */
  setInView(isInView: boolean): void {
    if (isInView === (this.#phase !== 'idle')) return;
    if (isInView) this.#begin();
    else this.close();
  }

  /** Begins anew, because the button has moved. */
  restart(): void {
    if (this.#phase !== 'idle') this.#begin();
  }

  /** Lets go of the timer and goes back to `idle`. */
  close(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#set('idle');
  }

  #begin(): void {
    this.#cancel?.();
    this.#onBegin();
    this.#set('arming');
    this.#cancel = this.#clock.after(this.#delayMs, () => this.#set('armed'));
  }

  #set(phase: ArmingPhase): void {
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#onChange(phase);
  }
}
