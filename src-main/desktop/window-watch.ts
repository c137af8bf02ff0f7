import type { Clock } from '../clock.ts';

const LOOK_MS = 1000;

/** Told each time that a window goes out of sight (false) or comes back (true). */
export type SightListener = (isInSight: boolean) => void;

interface Watched {
  readonly windowId: string;
  readonly listener: SightListener;
  isInSight: boolean;
}

/**
 * Notices within about a second that a window is not in the system's list of windows any more, as it is when it was
 * closed or minimised, and that it is there again. Looks at nothing while no window is watched.
 */
export class WindowWatch {
  readonly #clock: Clock;
  readonly #listWindowIds: () => Promise<ReadonlySet<string>>;
  readonly #watched = new Set<Watched>();
  #cancelLook: () => void = () => undefined;

  /** `listWindowIds` rejects where the system cannot say; then all is taken to be as it was. */
  constructor(clock: Clock, listWindowIds: () => Promise<ReadonlySet<string>>) {
    this.#clock = clock;
    this.#listWindowIds = listWindowIds;
  }

  /** Watches a window, which is taken to be in sight now, until the returned function is called. */
  watch(windowId: string, listener: SightListener): () => void {
    const watched: Watched = { windowId, listener, isInSight: true };
    this.#watched.add(watched);
    if (this.#watched.size === 1) this.#lookLater();
    return () => {
      this.#watched.delete(watched);
      if (this.#watched.size === 0) this.#cancelLook();
    };
  }

  #lookLater(): void {
    this.#cancelLook();
    this.#cancelLook = this.#clock.after(LOOK_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    // Only those that were watched when the list was asked for: it may be older than the others.
    const asked = [...this.#watched];
    const listed = await this.#listWindowIds().catch(() => null);
    for (const watched of asked) {
      const isInSight = listed === null ? watched.isInSight : listed.has(watched.windowId);
      if (!this.#watched.has(watched) || isInSight === watched.isInSight) continue;
      watched.isInSight = isInSight;
      watched.listener(isInSight);
    }
    if (this.#watched.size > 0) this.#lookLater();
  }
}
