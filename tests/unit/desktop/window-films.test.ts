import { describe, expect, it } from 'vitest';
import { WindowFilms } from '../../../src-main/desktop/window-films.ts';
import type { FilmCommand } from '../../../src-shared/film-messages.ts';
import { notingSink } from '../../fakes/fake-film.ts';

function createRig() {
  const films = new WindowFilms(1_000_000);
  const told: FilmCommand[] = [];
  const listen = (): void => films.onListening((command) => told.push(command));
  return { films, told, listen, ...notingSink() };
}

describe('windowFilms', () => {
  it('has the window begin what is wanted once it listens, as paused as it is by then', () => {
    const { films, told, listen, sink } = createRig();
    const one = films.begin(sink, false);
    const two = films.begin(sink, false);
    one.setPaused(true);
    two.end();
    listen();
    expect(told).toEqual([{ type: 'film_begin', film: 1, bitsPerSecond: 1_000_000, paused: true }]);
  });

  it('tells the window to pause and to end, and what has been taken', () => {
    const { films, told, listen, sink, notes } = createRig();
    listen();
    const film = films.begin(sink, false);
    film.setPaused(true);
    films.onReport({ type: 'film_piece', film: 1, bytes: new Uint8Array(Buffer.from('one')) });
    film.end();
    films.onReport({ type: 'film_ended', film: 1, fault: null });
    expect(told.slice(1)).toEqual([
      { type: 'film_pause', film: 1, paused: true },
      { type: 'film_taken', film: 1, bytes: 3 },
      { type: 'film_end', film: 1 },
    ]);
    expect(notes).toEqual(['stream', 'one', 'end']);
    film.end();
    film.setPaused(false);
    expect(told).toHaveLength(4);
  });

  it('says nothing more once the window is gone, and minds no late report', () => {
    const { films, told, listen, sink, notes } = createRig();
    listen();
    const film = films.begin(sink, false);
    films.close();
    film.end();
    films.onReport({ type: 'film_piece', film: 1, bytes: new Uint8Array(3) });
    films.onReport({ type: 'film_ended', film: 7, fault: 'the recorder failed' });
    expect(notes).toEqual(['stream']);
    expect(told).toHaveLength(1);
  });
});
