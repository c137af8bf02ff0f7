import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turnstile } from '../../../src-main/http/turnstile.ts';

/** Takes all the time that there is in a turn. */
function dawdle(): void {
  const began = performance.now();
  while (performance.now() - began < 6);
}

describe('Turnstile', () => {
  it('lets in at once whoever finds nobody waiting', () => {
    let begun = 0;
    new Turnstile().pass('a', () => {
      begun += 1;
    });
    expect(begun).toBe(1);
  });

  it('lets others have their turn before it goes on, and loses nobody', async () => {
    const turnstile = new Turnstile();
    const order: string[] = [];
    let isOver = false;
    const others = (async () => {
      while (!isOver) {
        await nextTurn();
        if (order.at(-1) === 'request') order.push('others');
      }
    })();
    for (let each = 0; each < 4; each += 1)
      turnstile.pass('crowd', () => {
        dawdle();
        order.push('request');
      });
    await expect.poll(() => order.filter((what) => what === 'request').length).toBe(4);
    isOver = true;
    await others;
    expect(order.join(' ')).not.toContain('request request');
  });

  it('takes those that wait from each lane in turn', async () => {
    const turnstile = new Turnstile();
    const order: string[] = [];
    const pass = (lane: string, name: string): void => turnstile.pass(lane, () => void order.push(name));
    turnstile.pass('crowd', dawdle);
    for (const name of ['c1', 'c2', 'c3']) pass('crowd', name);
    pass('person', 'p1');
    pass('person', 'p2');
    await expect.poll(() => order.length).toBe(5);
    expect(order).toEqual(['c1', 'p1', 'c2', 'p2', 'c3']);
  });

  it('counts what a request goes on with at once as part of it', async () => {
    const turnstile = new Turnstile();
    const order: string[] = [];
    const work = (name: string) => async (): Promise<void> => {
      for (let step = 0; step < 3; step += 1) await null;
      order.push(name);
    };
    for (const name of ['a', 'b', 'c']) turnstile.pass('crowd', () => void work(name)());
    await expect.poll(() => order).toEqual(['a', 'b', 'c']);
  });
});
