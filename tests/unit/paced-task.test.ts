import { describe, expect, it } from 'vitest';
import { PacedTask } from '../../src-main/paced-task.ts';
import { ManualClock } from '../fakes/manual-clock.ts';

const DELAY_MS = 50;
const REST_MS = 500;

function open() {
  const clock = new ManualClock();
  const shown: number[] = [];
  const state = { value: 0 };
  const paced = new PacedTask({
    clock,
    delayMs: DELAY_MS,
    restMs: REST_MS,
    task: () => shown.push(state.value),
  });
  const change = (): void => {
    state.value += 1;
    paced.request();
  };
  return { clock, shown, state, paced, change };
}

describe('pacedTask', () => {
  it('does it soon after the first request, once for all that came with it', () => {
    const { clock, shown, change } = open();
    change();
    change();
    clock.advance(DELAY_MS - 1);
    expect(shown).toEqual([]);
    clock.advance(1);
    expect(shown).toEqual([2]);
  });

  it('does it no more often than it may, however many requests come, and ends with the last state', () => {
    const { clock, shown, state, change } = open();
    for (let passedMs = 0; passedMs < 2000; passedMs += 10) {
      change();
      clock.advance(10);
    }
    expect(shown).toHaveLength(4);
    clock.advance(REST_MS);
    expect(shown).toHaveLength(5);
    expect(shown.at(-1)).toBe(state.value);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is as quick as at first once it has rested', () => {
    const { clock, shown, change } = open();
    change();
    clock.advance(REST_MS + DELAY_MS);
    change();
    clock.advance(DELAY_MS);
    expect(shown).toEqual([1, 2]);
  });

  it('takes a request that its own work brings', () => {
    const clock = new ManualClock();
    let turns = 0;
    const paced = new PacedTask({
      clock,
      delayMs: DELAY_MS,
      restMs: REST_MS,
      task: () => {
        turns += 1;
        if (turns === 1) paced.request();
      },
    });
    paced.request();
    clock.advance(DELAY_MS);
    expect(turns).toBe(1);
    clock.advance(REST_MS);
    expect(turns).toBe(2);
  });

  it('forgets what was requested', () => {
    const { clock, shown, paced, change } = open();
    change();
    paced.cancel();
    paced.cancel();
    clock.advance(REST_MS);
    expect(shown).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});
