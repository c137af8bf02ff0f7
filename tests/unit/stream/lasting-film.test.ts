import { describe, expect, it } from 'vitest';
import { LastingFilm } from '../../../src-main/stream/lasting-film.ts';
import { beginFakeFilm, type FakeFilm, notingSink } from '../../fakes/fake-film.ts';

function createRig({ paused = false } = {}) {
  const { sink, notes } = notingSink();
  const film = new LastingFilm(sink, paused, () => notes.push('over'));
  const films: FakeFilm[] = [];
  const source = {
    film: (partSink: FakeFilm['sink'], isPaused: boolean) => beginFakeFilm(films, partSink, isPaused),
  };
  const part = (index: number): FakeFilm => {
    const found = films[index];
    if (!found) throw new Error(`there is no part ${index}`);
    return found;
  };
  return { film, notes, source, films, part };
}

describe('lastingFilm', () => {
  it('hands on what its part films, and its end once it is told to end', () => {
    const { film, notes, source, part } = createRig();
    film.takeFrom(source);
    part(0).sink.onPiece(Buffer.from('one'), () => undefined);
    film.end();
    expect(part(0).ending).toBe(true);
    expect(notes).toEqual(['stream', 'one']);
    part(0).sink.onPiece(Buffer.from('rest'), () => undefined);
    part(0).sink.onEnd(null);
    expect(notes).toEqual(['stream', 'one', 'rest', 'over', 'end']);
  });

  it('ends at once where nothing is filmed', () => {
    const { film, notes } = createRig();
    film.end();
    film.end();
    expect(notes).toEqual(['over', 'end']);
  });

  it('does not wait for the rest of a part that is lost', () => {
    const { film, notes, source } = createRig();
    film.takeFrom(source);
    film.end();
    film.lose();
    expect(notes).toEqual(['stream', 'over', 'end']);
  });

  it('takes nothing of a lost part for its own, and says that it is dealt with', () => {
    const { film, notes, source, part } = createRig();
    film.takeFrom(source);
    film.lose();
    let taken = 0;
    part(0).sink.onPiece(Buffer.from('late'), () => {
      taken += 1;
    });
    part(0).sink.onEnd('the disk is too slow for it');
    expect(taken).toBe(1);
    expect(notes).toEqual(['stream']);
  });

  it('ends with the fault of its part, and goes on after an end without one', () => {
    const { film, notes, source, part, films } = createRig();
    film.takeFrom(source);
    part(0).sink.onEnd(null);
    film.takeFrom(source);
    expect(notes).toEqual(['stream', 'stream']);
    part(1).sink.onEnd('the disk is too slow for it');
    expect(notes.slice(2)).toEqual(['over', 'fault: the disk is too slow for it']);
    film.takeFrom(source);
    expect(films).toHaveLength(2);
  });

  it('begins its next part as paused as it is', () => {
    const { film, source, part } = createRig({ paused: true });
    film.takeFrom(source);
    expect(part(0).paused).toBe(true);
    film.setPaused(false);
    expect(part(0).paused).toBe(false);
    film.lose();
    film.setPaused(true);
    film.takeFrom(source);
    expect(part(1).paused).toBe(true);
    expect(film.isIdle).toBe(true);
  });
});
