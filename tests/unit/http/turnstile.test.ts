import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Lane } from '../../../src-main/access/connections.ts';
import { Turnstile } from '../../../src-main/http/turnstile.ts';

const PERSON = { name: 'person', isPersons: true };
const CROWD = { name: 'crowd', isPersons: false };

/** Takes all the time that there is in a turn. */
function dawdle(): void {
  const began = performance.now();
  while (performance.now() - began < 6);
}

describe('Turnstile', () => {
  it('lets in at once whoever finds nobody waiting', () => {
    let begun = 0;
    new Turnstile().pass(CROWD, () => {
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
      turnstile.pass(CROWD, () => {
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
    const pass = (lane: Lane, name: string): void => turnstile.pass(lane, () => void order.push(name));
    turnstile.pass(CROWD, dawdle);
    for (const name of ['c1', 'c2', 'c3']) pass(CROWD, name);
    pass(PERSON, 'p1');
    pass(PERSON, 'p2');
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
    for (const name of ['a', 'b', 'c']) turnstile.pass(CROWD, () => void work(name)());
    await expect.poll(() => order).toEqual(['a', 'b', 'c']);
  });

  describe('when others have taken more than their time', () => {
    /** A crowd, each of which takes 60 ms of a clock that nothing else moves. */
    function openCrowded() {
      const clock = { nowMs: 0 };
      const turnstile = new Turnstile(() => clock.nowMs);
      const order: string[] = [];
      for (const name of ['c1', 'c2', 'c3', 'c4', 'c5', 'c6'])
        turnstile.pass(CROWD, () => {
          clock.nowMs += 60;
          order.push(name);
        });
      return { clock, turnstile, order };
    }

    it('has them wait, and the person not', async () => {
      const { turnstile, order } = openCrowded();
      await expect.poll(() => order).toEqual(['c1', 'c2', 'c3', 'c4']);
      for (const name of ['p1', 'p2', 'p3']) {
        turnstile.pass(PERSON, () => void order.push(name));
        await expect.poll(() => order.at(-1)).toBe(name);
      }
      expect(order).toEqual(['c1', 'c2', 'c3', 'c4', 'p1', 'p2', 'p3']);
    });

    it('goes on with them by itself when they have some again: a tenth of the time', async () => {
      const { clock, order } = openCrowded();
      await expect.poll(() => order.length).toBe(4);
      clock.nowMs += 599;
      await expect.poll(() => order.length).toBe(5);
      clock.nowMs += 599;
      await expect.poll(() => order.length).toBe(6);
    });
  });
});
