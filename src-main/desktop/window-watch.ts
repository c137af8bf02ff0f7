import type { Clock } from '../clock.ts';
import type { WindowSight } from '../stream/screen-source.ts';

const LOOK_MS = 1000;

/** Told each time that a window goes out of sight or comes back. */
export type SightListener = (sight: WindowSight) => void;

/**
 * Where windows are now, by their ids; those that are left out are hidden. Rejects where the system cannot say: then all
 * is taken to be as it was.
 */
export type LookAtWindows = (windowIds: readonly string[]) => Promise<ReadonlyMap<string, WindowSight>>;

interface Watched {
  readonly windowId: string;
  readonly listener: SightListener;
  sight: WindowSight;
}

/** Notices within about a second that the sight of a window has changed. Looks at nothing while no window is watched. */
export class WindowWatch {
  readonly #clock: Clock;
  readonly #lookAt: LookAtWindows;
  readonly #watched = new Set<Watched>();
  #cancelLook: () => void = () => undefined;

  constructor(clock: Clock, lookAt: LookAtWindows) {
    this.#clock = clock;
    this.#lookAt = lookAt;
  }

  /** Watches a window, which is taken to be in sight now, until the returned function is called. */
  watch(windowId: string, listener: SightListener): () => void {
    const watched: Watched = { windowId, listener, sight: 'seen' };
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
    // Only those that were watched when it was asked: what is answered may be older than the others.
    const asked = [...this.#watched];
    const windowIds = [...new Set(asked.map(({ windowId }) => windowId))];
    const sights = await this.#lookAt(windowIds).catch(() => null);
    for (const watched of asked) {
      const sight = sights === null ? watched.sight : (sights.get(watched.windowId) ?? 'hidden');
      if (!this.#watched.has(watched) || sight === watched.sight) continue;
      watched.sight = sight;
      watched.listener(sight);
    }
    if (this.#watched.size > 0) this.#lookLater();
  }
}
