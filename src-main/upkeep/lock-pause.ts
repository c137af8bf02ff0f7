import type { SettingsStore } from '../settings/settings-store.ts';

/** Pauses what others see of this screen while it is locked, if the person wants that. */
export class LockPause {
  readonly #settings: SettingsStore;
  readonly #setPaused: (isPaused: boolean) => void;
  readonly #unsubscribe: () => void;
  #isLocked = false;
  #isPaused = false;

  /** `setPaused` is called with each change of whether all shares are to be paused. */
  constructor(settings: SettingsStore, setPaused: (isPaused: boolean) => void) {
    this.#settings = settings;
    this.#setPaused = setPaused;
    this.#unsubscribe = settings.subscribe(() => this.#follow());
  }

  /** Takes note that the screen is locked now, or no longer. */
  setLocked(isLocked: boolean): void {
    this.#isLocked = isLocked;
    this.#follow();
  }

  /** Follows the settings no more. */
  close(): void {
    this.#unsubscribe();
  }

  #follow(): void {
    const isPaused = this.#isLocked && this.#settings.current.pauseOnLock;
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#setPaused(isPaused);
  }
}
