import { describe, expect, it } from 'vitest';
import { RateMeter } from '../../../src-main/stream/rate-meter.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

describe('rateMeter', () => {
  it('tells the rate of a steady stream', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    for (let count = 0; count < 300; count++) {
      clock.advance(1000 / 60);
      meter.add();
    }
    expect(meter.perSecond()).toBeCloseTo(60, 0);
  });

  it('measures over what time there was so far', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    for (let count = 0; count < 15; count++) {
      clock.advance(1000 / 30);
      meter.add();
    }
    expect(meter.perSecond()).toBeCloseTo(30, 0);
  });

  it('forgets what is more than two seconds old', () => {
    const clock = new ManualClock();
    const meter = new RateMeter(clock);
    meter.add(100);
    clock.advance(60_000);
    expect(meter.perSecond()).toBe(0);
    meter.add(2);
    clock.advance(1000);
    expect(meter.perSecond()).toBeGreaterThan(0);
  });
});
