import type { FilmCommand, FilmReport } from '#shared/film-messages';
import { FilmRecorder } from './film-recorder.ts';

/** The films that are taken of one capture. */
export class FilmSet {
  readonly #films = new Map<number, FilmRecorder>();
  readonly #send: (report: FilmReport) => void;

  constructor(send: (report: FilmReport) => void) {
    this.#send = send;
  }

  /** Whether any is taken or wanted now. */
  get isEmpty(): boolean {
    return this.#films.size === 0;
  }

  /** Does what the agent wants; a film that has ended is no longer known. */
  perform(command: FilmCommand): void {
    const film = this.#films.get(command.film);
    switch (command.type) {
      case 'film_begin':
        this.#films.set(command.film, new FilmRecorder(command, (report) => this.#pass(report)));
        break;
      case 'film_pause':
        film?.setPaused(command.paused);
        break;
      case 'film_taken':
        film?.onTaken(command.bytes);
        break;
      case 'film_end':
        film?.end();
        break;
    }
  }

  /** Begins those that wait for a picture: `track` has one now, in the size that is wanted. */
  begin(track: MediaStreamTrack): void {
    for (const film of this.#films.values()) film.begin(track);
  }

  #pass(report: FilmReport): void {
    if (report.type === 'film_ended') this.#films.delete(report.film);
    this.#send(report);
  }
}
