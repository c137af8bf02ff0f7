import { beforeEach, describe, expect, it } from 'vitest';
import { WindowWatch } from '../../../src-main/desktop/window-watch.ts';
import type { WindowSight } from '../../../src-main/stream/screen-source.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

let clock: ManualClock;
let windows: Map<string, WindowSight> | null;
let looks: number;
let watch: WindowWatch;
beforeEach(() => {
  clock = new ManualClock();
  windows = new Map([
    ['window:1:0', 'seen'],
    ['window:2:0', 'seen'],
  ]);
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
    const told: WindowSight[] = [];
    watch.watch('window:1:0', (sight) => told.push(sight));
    await look();
    expect(told).toEqual([]);
    windows?.delete('window:1:0');
    await look();
    await look();
    expect(told).toEqual(['hidden']);
    windows?.set('window:1:0', 'elsewhere');
    await look();
    windows?.set('window:1:0', 'seen');
    await look();
    expect(told).toEqual(['hidden', 'elsewhere', 'seen']);
  });

  it('takes all to be as it was while the system cannot say', async () => {
    const told: WindowSight[] = [];
    watch.watch('window:1:0', (sight) => told.push(sight));
    windows = null;
    await look();
    expect(told).toEqual([]);
    windows = new Map();
    await look();
    expect(told).toEqual(['hidden']);
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
    const told: WindowSight[] = [];
    const unwatch = watch.watch('window:1:0', (sight) => told.push(sight));
    windows?.clear();
    clock.advance(1000);
    unwatch();
    await new Promise(setImmediate);
    expect(told).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
