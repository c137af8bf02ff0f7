import type { Film, FilmSink } from '../../src-main/stream/screen-source.ts';

/** A film that a test makes by hand. */
export interface FakeFilm {
  readonly sink: FilmSink;
  paused: boolean;
  /** Whether it was told to end; the test then has to let it. */
  ending: boolean;
}

/** Begins a film that a test makes, and keeps it in `films`. */
export function beginFakeFilm(films: FakeFilm[], sink: FilmSink, paused: boolean): Film {
  const film: FakeFilm = { sink, paused, ending: false };
  films.push(film);
  sink.onStream();
  return {
    setPaused: (now) => {
      film.paused = now;
    },
    end: () => {
      film.ending = true;
    },
  };
}

/** A sink that notes what it is given, in words. */
export function notingSink(): { readonly sink: FilmSink; readonly notes: string[] } {
  const notes: string[] = [];
  const sink: FilmSink = {
    onStream: () => notes.push('stream'),
    onPiece: (bytes, taken) => {
      notes.push(bytes.toString());
      taken();
    },
    onEnd: (fault) => notes.push(fault === null ? 'end' : `fault: ${fault}`),
  };
  return { sink, notes };
}
