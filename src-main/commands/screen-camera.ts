import { PRESETS, type Quality, qualitySchema } from '#shared/presets';
import type { Clock } from '../clock.ts';
import type { CapturedFrame, ScreenCapture, ScreenSource } from '../stream/screen-source.ts';

/** Takes single pictures of the screen. */
export interface Camera {
  /**
   * The primary screen as it looks now, at most about `widthPx` wide: the smallest preset that is as wide, or the
   * largest. Null if there is none to be had within `timeoutMs`. Rejects with `no_screen` or
   * `screen_permission_denied`.
   */
  take(widthPx: number, timeoutMs: number): Promise<CapturedFrame | null>;
}

/** Opening a capture takes most of the time, and pictures come in pairs. */
const KEEP_OPEN_MS = 3000;

/** Takes its pictures from a capture that it opens when one is wanted, and closes soon after. */
export class ScreenCamera implements Camera {
  readonly #source: ScreenSource;
  readonly #clock: Clock;
  readonly #open = new Map<Quality, OpenCapture>();

  constructor(source: ScreenSource, clock: Clock) {
    this.#source = source;
    this.#clock = clock;
  }

  async take(widthPx: number, timeoutMs: number): Promise<CapturedFrame | null> {
    this.#source.assertAvailable();
    const quality = presetFor(widthPx);
    let capture = this.#open.get(quality);
    if (!capture) {
      capture = new OpenCapture(this.#source, quality, this.#clock, () => this.#open.delete(quality));
      this.#open.set(quality, capture);
    }
    return capture.take(timeoutMs);
  }

  /** Closes every capture; pictures that are waited for are not taken. */
  close(): void {
    for (const capture of [...this.#open.values()]) capture.close();
  }
}

function presetFor(widthPx: number): Quality {
  return qualitySchema.options.find((quality) => PRESETS[quality].maxWidthPx >= widthPx) ?? 'high';
}

class OpenCapture {
  readonly #clock: Clock;
  readonly #capture: ScreenCapture;
  readonly #onClosed: () => void;
  #newest: CapturedFrame | null = null;
  #waiting: ((frame: CapturedFrame | null) => void)[] = [];
  #cancelClose: () => void = () => undefined;

  constructor(source: ScreenSource, quality: Quality, clock: Clock, onClosed: () => void) {
    this.#clock = clock;
    this.#onClosed = onClosed;
    this.#capture = source.open(
      { sourceId: null, quality },
      {
        onFrame: (frame) => {
          this.#newest = frame;
          this.#deliver(frame);
        },
        // Looked at again, and still as it was: as good as a new picture.
        onUnchanged: () => {
          if (this.#newest) this.#deliver(this.#newest);
        },
        onStatus: ({ state }) => {
          if (state === 'recovering' || state === 'failed') this.#newest = null;
        },
      },
    );
  }

  take(timeoutMs: number): Promise<CapturedFrame | null> {
    this.#cancelClose();
    const picture = new Promise<CapturedFrame | null>((resolve) => {
      const cancelTimeout = this.#clock.after(timeoutMs, () => settle(null));
      const settle = (frame: CapturedFrame | null): void => {
        cancelTimeout();
        this.#waiting = this.#waiting.filter((waiting) => waiting !== settle);
        resolve(frame);
      };
      this.#waiting.push(settle);
    });
    // What comes after this is the screen as it is now; see CaptureDemand.
    this.#capture.setDemand('watched');
    return picture.finally(() => this.#rest());
  }

  close(): void {
    this.#cancelClose();
    this.#capture.close();
    this.#onClosed();
    this.#deliver(null);
  }

  #deliver(frame: CapturedFrame | null): void {
    for (const settle of [...this.#waiting]) settle(frame);
  }

  #rest(): void {
    if (this.#waiting.length > 0) return;
    this.#capture.setDemand('unwatched');
    this.#cancelClose();
    this.#cancelClose = this.#clock.after(KEEP_OPEN_MS, () => this.close());
  }
}
