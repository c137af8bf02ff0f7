import type { FilmCommand, FilmReport } from '#shared/film-messages';
import type { Film, FilmSink } from '../stream/screen-source.ts';

/** The films that one capture window takes, as seen from the agent. */
export class WindowFilms {
  readonly #bitsPerSecond: number;
  readonly #films = new Map<number, { readonly sink: FilmSink; paused: boolean }>();
  #count = 0;
  /** Tells the window; null until it listens, and when it is gone. */
  #tell: ((command: FilmCommand) => void) | null = null;

  constructor(bitsPerSecond: number) {
    this.#bitsPerSecond = bitsPerSecond;
  }

  /** Takes note that the window listens from now on, and has it begin what is wanted by now. */
  onListening(tell: (command: FilmCommand) => void): void {
    this.#tell = tell;
    for (const [film, { paused }] of this.#films) this.#tellToBegin(film, paused);
  }

  /** Begins a film. */
  begin(sink: FilmSink, paused: boolean): Film {
    const film = ++this.#count;
    const wanted = { sink, paused };
    this.#films.set(film, wanted);
    sink.onStream();
    this.#tellToBegin(film, paused);
    return {
      setPaused: (now) => {
        wanted.paused = now;
        if (this.#films.has(film)) this.#tell?.({ type: 'film_pause', film, paused: now });
      },
      end: () => {
        if (!this.#films.has(film)) return;
        if (this.#tell) this.#tell({ type: 'film_end', film });
        else this.#end(film, null);
      },
    };
  }

  /** Takes what the window reports. */
  onReport(report: FilmReport): void {
    const { film } = report;
    if (report.type === 'film_ended') {
      this.#end(film, report.fault);
      return;
    }
    const { buffer, byteOffset, byteLength } = report.bytes;
    const taken = (): void => this.#tell?.({ type: 'film_taken', film, bytes: byteLength });
    this.#films.get(film)?.sink.onPiece(Buffer.from(buffer, byteOffset, byteLength), taken);
  }

  /** Forgets them all: the window is gone. Their sinks hear nothing more. */
  close(): void {
    this.#films.clear();
    this.#tell = null;
  }

  #tellToBegin(film: number, paused: boolean): void {
    this.#tell?.({ type: 'film_begin', film, bitsPerSecond: this.#bitsPerSecond, paused });
  }

  #end(film: number, fault: string | null): void {
    const ended = this.#films.get(film);
    this.#films.delete(film);
    ended?.sink.onEnd(fault);
  }
}
