import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StallJudge, type Verdict } from '../../../src-main/guardian/stall-judge.ts';

const STALL_MS = 5000;
const LOOK_MS = 250;

/** What a thread does between two looks: how much of the time it runs, and waits for a processor. */
interface Doing {
  readonly state: string;
  readonly runs?: number;
  readonly waits?: number;
  /** What the look before is apart. */
  readonly passedMs?: number;
}

/** The verdicts over `lastsMs` of silence in which the thread does the same all the time. */
function watch(doing: Doing, lastsMs: number, judge = new StallJudge()): Verdict[] {
  const passedMs = doing.passedMs ?? LOOK_MS;
  const verdicts: Verdict[] = [];
  let ranMs = 1000;
  let waitedMs = 10;
  for (let atMs = 0; atMs < lastsMs; atMs += passedMs) {
    ranMs += passedMs * (doing.runs ?? 0);
    waitedMs += passedMs * (doing.waits ?? 0);
    const thread = { state: doing.state, ranMs, waitedMs };
    verdicts.push(judge.judge({ passedMs, isAlive: false, thread }, STALL_MS));
  }
  return verdicts;
}

const SPINNING: Doing = { state: 'R', runs: 1 };
const ASLEEP: Doing = { state: 'S' };

describe('stallJudge', () => {
  it.each([
    ['runs all the time', SPINNING],
    ['sleeps and nobody wakes it', ASLEEP],
    ['runs, and waits for a processor a little', { state: 'R', runs: 0.9, waits: 0.1 }],
  ])('takes for a stall that a thread %s, after its time and not before', (_, doing) => {
    expect(watch(doing, STALL_MS - 2 * LOOK_MS)).not.toContain('stalled');
    expect(watch(doing, 1.3 * STALL_MS)).toContain('stalled');
  });

  it.each([
    ['gets no processor at all', { state: 'R' }],
    ['gets a little of one', { state: 'R', runs: 0.01, waits: 0.9 }],
    ['waits for one again and again', { state: 'S', runs: 0.01, waits: 0.99 }],
  ])('takes it for none that a thread %s, for ten times as long', (_, doing) => {
    expect(watch(doing, 10 * STALL_MS)).not.toContain('stalled');
  });

  it('finds a loop on a machine that is half busy, later', () => {
    const half: Doing = { state: 'R', runs: 0.5 };
    expect(watch(half, 1.5 * STALL_MS)).not.toContain('stalled');
    expect(watch(half, 2.5 * STALL_MS)).toContain('stalled');
  });

  it('counts but a moment of a time in which it was not there itself', () => {
    const anHour = { ...ASLEEP, passedMs: 3_600_000 };
    expect(watch(anHour, 3_600_000)).toEqual(['silent']);
    const judge = new StallJudge();
    watch(anHour, 3_600_000, judge);
    expect(watch(SPINNING, STALL_MS / 2, judge)).not.toContain('stalled');
  });

  it.each(['T', 't'])('has everything wait while the thread is stopped (%s), however long', (state) => {
    const verdicts = watch({ state }, 100 * STALL_MS);
    expect(verdicts[0]).toBe('silent');
    expect(new Set(verdicts.slice(4))).toEqual(new Set(['halted']));
  });

  it('has everything wait for a disk, but not for more than a minute', () => {
    const verdicts = watch({ state: 'D' }, 70_000);
    expect(verdicts.indexOf('out-of-reach') * LOOK_MS).toBeGreaterThan(59_000);
    expect(verdicts).not.toContain('stalled');
    expect(verdicts.slice(4, 230)).not.toContain('silent');
  });

  it('does not let go on what waits before the agent has answered', () => {
    const judge = new StallJudge();
    watch({ state: 'T' }, 5000, judge);
    expect(watch(ASLEEP, 2000, judge)).not.toContain('alive');
    const thread = { state: 'S', ranMs: 0, waitedMs: 0 };
    expect(judge.judge({ passedMs: LOOK_MS, isAlive: true, thread }, STALL_MS)).toBe('alive');
  });

  it('goes by the time that passed where the system tells nothing of threads', () => {
    const judge = new StallJudge();
    const look = { passedMs: LOOK_MS, isAlive: false, thread: null };
    const verdicts = Array.from({ length: 30 }, () => judge.judge(look, STALL_MS));
    expect(verdicts.indexOf('stalled') * LOOK_MS).toBeGreaterThanOrEqual(STALL_MS - LOOK_MS);
  });

  it('never ends an agent that answers in time, whatever its thread does in between', () => {
    const doing = fc.record({
      state: fc.constantFrom('R', 'S', 'D', 'T', 't'),
      runs: fc.double({ min: 0, max: 1, noNaN: true }),
      waits: fc.double({ min: 0, max: 1, noNaN: true }),
      silentMs: fc.integer({ min: 0, max: STALL_MS - 3 * LOOK_MS }),
    });
    fc.assert(
      fc.property(fc.array(doing, { maxLength: 20 }), (doings) => {
        const judge = new StallJudge();
        for (const { silentMs, ...what } of doings) {
          expect(watch(what, silentMs, judge)).not.toContain('stalled');
          judge.judge({ passedMs: LOOK_MS, isAlive: true, thread: null }, STALL_MS);
        }
      }),
    );
  });

  it('ends nothing where that is switched off', () => {
    const judge = new StallJudge();
    const thread = { state: 'S', ranMs: 0, waitedMs: 0 };
    for (let look = 0; look < 1000; look += 1) {
      expect(judge.judge({ passedMs: LOOK_MS, isAlive: false, thread }, 0)).not.toBe('stalled');
    }
  });
});
