import type { Clock } from '../../clock.ts';
import type { WindowStack, XRectangle, XWindow } from './x-server.ts';

const LOOK_MS = 100;
/** A window manager that puts its window back above ours each time is asked less often after so many times. */
const STUBBORN_RAISES = 20;
const STUBBORN_LOOK_MS = 1000;

/** What a {@link WindowSight} works with. */
export interface WindowSightOptions {
  readonly stack: WindowStack;
  readonly clock: Clock;
  /** The X server's number of a window of ours. */
  readonly windowId: number;
  /** Told whenever the window comes into sight as a whole, or is no longer so. The first is that it is not. */
  readonly onChange: (isSeen: boolean) => void;
}

/**
 * Knows whether a window of ours is seen in whole: mapped, on the screen with all of it, and nothing above any part of
 * it. Raises it above what a window manager put there, which is how it stays above windows that fill the screen; never
 * above what puts itself there, as screen lockers do. Looks ten times a second until it is closed.
 */
export class WindowSight {
  readonly #options: WindowSightOptions;
  #isSeen = false;
  #isClosed = false;
  #raises = 0;
  #cancelLook: () => void = () => undefined;

  constructor(options: WindowSightOptions) {
    this.#options = options;
    void this.#look();
  }

  get isSeen(): boolean {
    return this.#isSeen;
  }

  /** Looks no more. */
  close(): void {
    this.#isClosed = true;
    this.#cancelLook();
  }

  async #look(): Promise<void> {
    // What cannot be asked is not seen to be covered either: then the page's own second is all there is.
    const isSeen = await this.#isInSight().catch(() => true);
    if (this.#isClosed) return;
    if (isSeen !== this.#isSeen) {
      this.#isSeen = isSeen;
      this.#options.onChange(isSeen);
    }
    if (isSeen) this.#raises = 0;
    const delayMs = this.#raises > STUBBORN_RAISES ? STUBBORN_LOOK_MS : LOOK_MS;
    this.#cancelLook = this.#options.clock.after(delayMs, () => void this.#look());
  }

  async #isInSight(): Promise<boolean> {
    const { stack, windowId } = this.#options;
    const [outermost, screen, windows] = await Promise.all([
      stack.outermost(windowId),
      stack.screen(),
      stack.list(),
    ]);
    const index = windows.findIndex(({ id }) => id === outermost);
    const own = windows[index];
    if (!own || !contains(screen, own.area)) return false;
    const above = windows.slice(index + 1);
    const areCovering = await Promise.all(above.map((window) => stack.covers(window, own.area)));
    const covering = above.filter((_, position) => areCovering[position]);
    if (covering.length > 0) await this.#raise(own, covering);
    return covering.length === 0;
  }

  async #raise(own: XWindow, covering: readonly XWindow[]): Promise<void> {
    const areManaged = await Promise.all(covering.map(({ id }) => this.#options.stack.isManaged(id)));
    // Above a locker, even for a moment, would show what is behind it.
    if (this.#isClosed || areManaged.includes(false)) return;
    this.#raises += 1;
    this.#options.stack.raise(own.id);
  }
}

function contains(outer: XRectangle, inner: XRectangle): boolean {
  return (
    inner.left >= outer.left &&
    inner.top >= outer.top &&
    inner.left + inner.width <= outer.left + outer.width &&
    inner.top + inner.height <= outer.top + outer.height
  );
}
