import { describe, expect, it } from 'vitest';
import { readLines } from '../../src-main/turns.ts';

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
