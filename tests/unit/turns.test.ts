import { describe, expect, it } from 'vitest';
import { readInTurns, readLines } from '../../src-main/turns.ts';

describe('readLines', () => {
  it.each(['', '\n', 'a', 'a\n', 'a\n\nb', '\n\n\n'])('parts %j as line feeds do', async (text) => {
    expect(await readLines(text, Number.POSITIVE_INFINITY, (line) => [line])).toEqual(text.split('\n'));
    expect(await readLines(text, 2, (line) => [line])).toEqual(text.split('\n', 2));
  });

  it('lets others have their turn', async () => {
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await readLines('a\n'.repeat(1_000_000), Number.POSITIVE_INFINITY, (line) => line.split(''));
    isOver = true;
    expect(turns).toBeGreaterThan(1);
  });
});

describe('readInTurns', () => {
  const read = (list: readonly number[]) => (piece: { limit: number; offset: number }) => ({
    entries: list.slice(piece.offset, piece.offset + piece.limit),
    total: list.length,
  });
  const numbers = Array.from({ length: 95 }, (_, at) => at);

  it('gives the page that was asked for', async () => {
    for (const [limit, offset] of [
      [10, 0],
      [30, 80],
      [95, 0],
      [50, 20],
      [5, 200],
    ] as const) {
      expect(await readInTurns({ limit, offset }, 10, read(numbers), String)).toEqual({
        entries: numbers.slice(offset, offset + limit),
        total: 95,
      });
    }
  });

  it('gives nothing twice that new entries have moved on, and lets others have their turn', async () => {
    let list = numbers;
    let added = 0;
    let isOver = false;
    const add = (): void => {
      added += 1;
      list = [-added, ...list];
      if (!isOver) setImmediate(add);
    };
    setImmediate(add);
    const { entries } = await readInTurns(
      { limit: 50, offset: 0 },
      10,
      (piece) => {
        const until = performance.now() + 3;
        while (performance.now() < until);
        return read(list)(piece);
      },
      String,
    );
    isOver = true;
    expect(added).toBeGreaterThan(1);
    expect(entries).toEqual(numbers.slice(0, 50));
  });
});
