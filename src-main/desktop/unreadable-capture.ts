import type { Clock } from '../clock.ts';
import { LastingFilm } from '../stream/lasting-film.ts';
import type { CaptureObserver, Film, FilmSink, ScreenCapture } from '../stream/screen-source.ts';

/** A capture of something of which no picture can be had for as long as the agent runs; it says why, and that is all. */
export class UnreadableCapture implements ScreenCapture {
  readonly #cancel: () => void;

  /** `reason` is a clause for people, without a full stop. */
  constructor(reason: string, clock: Clock, observer: CaptureObserver) {
    // Whoever opens a capture hears of it only when it has it.
    this.#cancel = clock.after(0, () =>
      observer.onStatus({ state: 'failed', message: `No picture from the screen: ${reason}.` }),
    );
  }

  setDemand(): void {
    // However little is asked for, there is none.
  }

  film(sink: FilmSink, paused: boolean): Film {
    return new LastingFilm(sink, paused, () => undefined);
  }

  close(): void {
    this.#cancel();
  }
}
