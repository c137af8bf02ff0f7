import { describe, expect, it } from 'vitest';
import type { StreamFrame } from '../../../src-main/stream/frame-hub.ts';
import { LinkPace } from '../../../src-main/stream/link-pace.ts';
import { TierChoice } from '../../../src-main/stream/tier-choice.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

const WHOLE_BYTES = 50_000;

function createRig() {
  const clock = new ManualClock();
  const pace = new LinkPace(clock, () => null);
  const wishes: boolean[] = [];
  const tiers: TierChoice = new TierChoice(pace, () => wishes.push(tiers.wantsSmall));
  let sequence = 0;
  const show = (hasSmall: boolean, kind: StreamFrame['kind'] = 'screen'): StreamFrame => {
    sequence += 1;
    const frame: StreamFrame = {
      kind,
      sequence,
      widthPx: 64,
      heightPx: 36,
      capturedAtMs: clock.monotonicMs(),
      jpeg: Buffer.alloc(WHOLE_BYTES),
      ...(hasSmall ? { small: Buffer.from(`small ${sequence}`) } : {}),
    };
    tiers.offer(frame, clock.monotonicMs());
    return frame;
  };
  /** What a picture is sent as: `whole 1`, `small 2`, or the time to wait. */
  const choose = (frame: StreamFrame): string => {
    const choice = tiers.choose(frame, clock.monotonicMs());
    if ('againAtMs' in choice) return `in ${choice.againAtMs - clock.monotonicMs()} ms`;
    return `${choice.isSmall ? 'small' : 'whole'} ${choice.frame.sequence}`;
  };
  /** Makes a write of a whole picture wait for so long, as a slow link does. */
  const block = (tookMs: number): void => pace.onWritten(WHOLE_BYTES, tookMs);
  return { clock, wishes, tiers, show, choose, block };
}

describe('tierChoice', () => {
  it('leaves a link alone that never made a write wait, and one that is fast enough', () => {
    const { show, choose, block, wishes } = createRig();
    expect(choose(show(true))).toBe('whole 1');
    block(240);
    expect(choose(show(true))).toBe('whole 2');
    expect(wishes).toEqual([]);
  });

  it('sends a slow link small pictures as they come, and the whole one at rest', () => {
    const { clock, show, choose, block, wishes } = createRig();
    block(400);
    // None is there yet: nobody had asked for them.
    expect(choose(show(false))).toBe('whole 1');
    expect(wishes).toEqual([true]);
    expect(choose(show(true))).toBe('small 2');
    clock.advance(20);
    const newest = show(false);
    expect(choose(newest)).toBe('in 280 ms');
    clock.advance(40);
    show(true);
    expect(choose(newest)).toBe('small 4');
    clock.advance(299);
    expect(choose(newest)).toBe('in 1 ms');
    clock.advance(1);
    expect(choose(newest)).toBe(`whole ${newest.sequence}`);
    expect(wishes).toEqual([true]);
  });

  it('sends the newest small picture if the newest picture has none', () => {
    const { show, choose, block } = createRig();
    block(400);
    show(true);
    expect(choose(show(false))).toBe('small 1');
  });

  it('goes back to whole pictures when the link is clearly faster, or has kept up for half a minute', () => {
    const { clock, show, choose, block, wishes } = createRig();
    block(400);
    choose(show(true));
    block(100);
    // Some 160 ms a picture by now: better, and not good enough.
    expect(choose(show(true))).toBe('small 2');
    block(100);
    block(100);
    expect(choose(show(true))).toBe('whole 3');
    expect(wishes).toEqual([true, false]);
    block(2000);
    block(2000);
    expect(choose(show(true))).toBe('small 4');
    clock.advance(30_000);
    expect(choose(show(true))).toBe('whole 5');
    expect(wishes).toEqual([true, false, true, false]);
  });

  it('sends a slate at once, and nothing more of what it took the place of', () => {
    const { show, choose, block } = createRig();
    block(400);
    show(true);
    expect(choose(show(false, 'slate'))).toBe('whole 2');
  });
});
