import { beforeEach, describe, expect, it } from 'vitest';
import { AgentTime } from '../../../../src-renderer/view/agent-time.ts';
import { PictureFigures } from '../../../../src-renderer/view/picture-figures.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';

describe('PictureFigures', () => {
  let clock: ManualClock;
  let figures: PictureFigures;

  beforeEach(() => {
    clock = new ManualClock();
    figures = new PictureFigures(clock);
  });

  const show = (pictures: number, everyMs: number, first = 1) => {
    for (let at = 0; at < pictures; at += 1) {
      figures.add(first + at, 20 + at);
      clock.advance(everyMs);
    }
  };

  it('says nothing before there is anything to say', () => {
    expect(figures.read(null)).toEqual({ framesPerSecond: null, delayMs: null, delayErrorMs: null });
    clock.advance(1000);
    expect(figures.read(null).framesPerSecond).toBe(0);
  });

  it('counts different pictures of the last two seconds', () => {
    show(90, 25);
    expect(figures.read(null).framesPerSecond).toBeCloseTo(39.5);
    clock.advance(2000);
    for (let count = 0; count < 3; count += 1) figures.add(90, 5000);
    expect(figures.read(null)).toEqual({ framesPerSecond: 0, delayMs: null, delayErrorMs: null });
  });

  it('counts every picture where they have no numbers', () => {
    clock.advance(1000);
    figures.add(null, null);
    clock.advance(1000);
    figures.add(null, null);
    expect(figures.read(null).framesPerSecond).toBe(1);
  });

  it('answers the middle delay, and takes the age of the first picture for none', () => {
    figures.add(1, 60_000);
    clock.advance(500);
    expect(figures.read(3).delayMs).toBeNull();
    figures.add(2, 10);
    figures.add(3, 500);
    figures.add(4, 20);
    expect(figures.read(3)).toMatchObject({ delayMs: 20, delayErrorMs: 3 });
  });

  it('begins anew with a connection', () => {
    show(10, 100);
    figures.restart();
    figures.add(10, 60_000);
    clock.advance(1000);
    expect(figures.read(1)).toEqual({ framesPerSecond: 1, delayMs: null, delayErrorMs: null });
  });
});

describe('AgentTime', () => {
  it('knows nothing before it was told', () => {
    const time = new AgentTime();
    expect(time.ageOf(0, 1000)).toBeNull();
    expect(time.errorMs).toBeNull();
  });

  it('reckons with clocks that are apart, and with the way to and fro', () => {
    const time = new AgentTime();
    // The agent is 5 s ahead; the answer took 40 ms.
    time.note(1000, 1040, 6020);
    expect(time.ageOf(6000, 1040)).toBe(40);
    expect(time.errorMs).toBe(20);
  });

  it('keeps the quickest answer, for five minutes', () => {
    const time = new AgentTime();
    time.note(0, 10, 105);
    time.note(1000, 1400, 900);
    expect(time.errorMs).toBe(5);
    time.note(310_000, 310_100, 310_050);
    expect(time.errorMs).toBe(50);
    expect(time.ageOf(310_000, 310_030)).toBe(30);
  });

  it('never says that something has yet to happen', () => {
    const time = new AgentTime();
    time.note(0, 0, 0);
    expect(time.ageOf(50, 0)).toBe(0);
  });
});
