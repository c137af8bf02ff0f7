import type { Film, FilmSink } from './screen-source.ts';

/** Something that can be filmed for as long as it lasts. */
export interface Filmable {
  film(sink: FilmSink, paused: boolean): Film;
}

/** A film that goes on with a new stream whenever what it is taken from is lost and something else takes its place. */
export class LastingFilm implements Film {
  readonly #sink: FilmSink;
  readonly #onEnded: () => void;
  /** What is filmed now; null while there is nothing to film. */
  #part: { film: Film | null } | null = null;
  #paused: boolean;
  #state: 'on' | 'ending' | 'over' = 'on';

  /** `onEnded` is called right before the sink hears of the end. */
  constructor(sink: FilmSink, paused: boolean, onEnded: () => void) {
    this.#sink = sink;
    this.#paused = paused;
    this.#onEnded = onEnded;
  }

  /** Whether it is paused, or will take in nothing more. */
  get isIdle(): boolean {
    return this.#paused || this.#state !== 'on';
  }

  /** Goes on from `source`. */
  takeFrom(source: Filmable): void {
    if (this.#state !== 'on') return;
    const part: { film: Film | null } = { film: null };
    this.#part = part;
    // What was lost may still send what it had left: that is no part of the stream any more.
    const isCurrent = (): boolean => this.#part === part;
    part.film = source.film(
      {
        onStream: () => {
          if (isCurrent()) this.#sink.onStream();
        },
        onPiece: (bytes, taken) => {
          if (isCurrent()) this.#sink.onPiece(bytes, taken);
          else taken();
        },
        onEnd: (fault) => {
          if (!isCurrent()) return;
          this.#part = null;
          // A part that ends by itself has lost its picture; another will follow.
          if (this.#state === 'ending' || fault !== null) this.#finish(fault);
        },
      },
      this.#paused,
    );
  }

  /** Takes note that what is filmed is gone, and says nothing more. */
  lose(): void {
    this.#part = null;
    if (this.#state === 'ending') this.#finish(null);
  }

  setPaused(paused: boolean): void {
    this.#paused = paused;
    this.#part?.film?.setPaused(paused);
  }

  end(): void {
    if (this.#state !== 'on') return;
    this.#state = 'ending';
    if (this.#part?.film) this.#part.film.end();
    else this.#finish(null);
  }

  #finish(fault: string | null): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#onEnded();
    this.#sink.onEnd(fault);
  }
}
