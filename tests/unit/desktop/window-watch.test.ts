import { beforeEach, describe, expect, it } from 'vitest';
import { WindowWatch } from '../../../src-main/desktop/window-watch.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

let clock: ManualClock;
let windows: Set<string> | null;
let looks: number;
let watch: WindowWatch;
beforeEach(() => {
  clock = new ManualClock();
  windows = new Set(['window:1:0', 'window:2:0']);
  looks = 0;
  watch = new WindowWatch(clock, async () => {
    looks += 1;
    if (!windows) throw new Error('no display');
    return windows;
  });
});

/** Lets a second pass, and what was asked for be answered. */
async function look(): Promise<void> {
  clock.advance(1000);
  await new Promise(setImmediate);
}

describe('windowWatch', () => {
  it('tells when a window goes out of sight and comes back, each once', async () => {
    const told: boolean[] = [];
    watch.watch('window:1:0', (isInSight) => told.push(isInSight));
    await look();
    expect(told).toEqual([]);
    windows?.delete('window:1:0');
    await look();
    await look();
    expect(told).toEqual([false]);
    windows?.add('window:1:0');
    await look();
    expect(told).toEqual([false, true]);
  });

  it('takes all to be as it was while the system cannot say', async () => {
    const told: boolean[] = [];
    watch.watch('window:1:0', (isInSight) => told.push(isInSight));
    windows = null;
    await look();
    expect(told).toEqual([]);
    windows = new Set();
    await look();
    expect(told).toEqual([false]);
  });

  it('looks once for all, and at nothing while nobody watches', async () => {
    await look();
    expect(looks).toBe(0);
    const unwatch = [1, 2].map((id) => watch.watch(`window:${id}:0`, () => undefined));
    await look();
    expect(looks).toBe(1);
    for (const stop of unwatch) stop();
    expect(clock.pendingTimers).toBe(0);
    await look();
    expect(looks).toBe(1);
  });

  it('tells nobody who stopped watching while it looked', async () => {
    const told: boolean[] = [];
    const unwatch = watch.watch('window:1:0', (isInSight) => told.push(isInSight));
    windows?.clear();
    clock.advance(1000);
    unwatch();
    await new Promise(setImmediate);
    expect(told).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
