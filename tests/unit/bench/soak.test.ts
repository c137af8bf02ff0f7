import { describe, expect, it } from 'vitest';
import { collectSeries, formatGrowth, judgeGrowth } from '../../soak/growth.mjs';
import { colourOf, indexOfColour } from '../../soak/marker-clock.mjs';
import { PictureWatch } from '../../soak/picture-watch.mjs';
import { judgePictures } from '../../soak/soak-report.mjs';

const MIB = 2 ** 20;

function series(unit: 'MiB' | '', y: (hours: number) => number) {
  const points = Array.from({ length: 60 }, (_, index) => ({ x: index / 120, y: y(index / 120) }));
  return { subject: 'main', measure: 'memory', unit, points };
}

describe('judgeGrowth', () => {
  it('calls a steady climb a leak, and says how steep it is', () => {
    const growth = judgeGrowth(series('MiB', (hours) => 100 + 30 * hours));
    expect(growth.isFlat).toBe(false);
    expect(growth.slopePerHour).toBeCloseTo(30, 6);
  });

  it('lets through what is below notice, what shrinks, and what may be chance', () => {
    expect(judgeGrowth(series('MiB', (hours) => 100 + hours)).isFlat).toBe(true);
    expect(judgeGrowth(series('', (hours) => 100 - 30 * hours)).isFlat).toBe(true);
    const teeth = series('MiB', (hours) => 100 + ((hours * 8) % 1) * 40);
    expect(judgeGrowth(teeth).slopePerHour).not.toBe(0);
    expect(judgeGrowth(teeth).isFlat).toBe(true);
  });

  it('takes one more descriptor every ten minutes for a leak', () => {
    expect(judgeGrowth(series('', (hours) => 40 + Math.floor(hours * 6))).isFlat).toBe(false);
  });
});

describe('collectSeries', () => {
  const process = (pid: number, residentMib: number) => ({
    pid,
    role: pid === 1 ? 'main' : 'capture',
    residentBytes: residentMib * MIB,
    privateBytes: 0,
    descriptors: 5,
    threads: 2,
  });
  const main = { heapBytes: 9 * MIB, externalBytes: 0, handles: 4, timers: 1 };
  const samples = [
    {
      atHours: 0,
      main,
      collected: { ...main, heapBytes: 7 * MIB },
      heldCharacters: 0,
      processes: [process(1, 100), process(2, 50)],
    },
    { atHours: 0.5, main, collected: null, heldCharacters: 0, processes: [process(1, 105), process(3, 60)] },
    {
      atHours: 1,
      main,
      collected: { ...main, heapBytes: 10 * MIB },
      heldCharacters: 2 * MIB,
      processes: [process(1, 110), process(3, 60), process(4, 60)],
    },
  ];

  it('follows those that were there all the time, and all together', () => {
    const found = collectSeries(samples).filter(({ measure }) => measure === 'resident memory');
    expect(found.map(({ subject }) => subject)).toEqual(['main (1)', 'all processes']);
    expect(found[0]?.points).toEqual([
      { x: 0, y: 100 },
      { x: 0.5, y: 105 },
      { x: 1, y: 110 },
    ]);
    expect(found[1]?.points.map(({ y }) => y)).toEqual([150, 165, 230]);
  });

  it('counts what a window holds where it has just been collected alone', () => {
    const grown = samples.map((sample, index) => ({ ...sample, processes: [process(2, 50 + index)] }));
    const found = collectSeries(grown).filter(({ subject }) => subject === 'capture (2)');
    expect(found.map(({ measure, points }) => [measure, points.map(({ y }) => y)])).toEqual([
      ['resident memory, collected', [50, 52]],
      ['private memory, collected', [0, 0]],
      ['descriptors', [5, 5, 5]],
      ['threads', [2, 2, 2]],
    ]);
  });

  it('has what the main process says of itself', () => {
    const found = collectSeries(samples).filter(({ subject }) => subject === 'main, by itself');
    const valuesOf = (name: string) => found.find(({ measure }) => measure === name)?.points;
    expect(valuesOf('handles')?.map(({ y }) => y)).toEqual([4, 4, 4]);
    expect(valuesOf('heap after a collection, held results aside')).toEqual([
      { x: 0, y: 7 },
      { x: 1, y: 8 },
    ]);
  });

  it('is shown with a verdict', () => {
    expect(formatGrowth([judgeGrowth(series('MiB', (hours) => 100 + 30 * hours))])).toContain('NOT FLAT');
  });
});

describe('indexOfColour', () => {
  it('knows each of its colours again after an encoder was at it', () => {
    for (let index = 0; index < 125; index++) {
      const colour = colourOf(index);
      const channels = [colour >> 16, (colour >> 8) & 255, colour & 255] as const;
      for (const change of [-12, 0, 12]) {
        expect(indexOfColour(channels[0] + change, channels[1] - change, channels[2] + change)).toBe(index);
      }
    }
  });

  it('takes no slate, which is dark, for a picture', () => {
    expect(indexOfColour(24, 26, 32)).toBe(-1);
    expect(indexOfColour(160, 160, 20)).toBe(-1);
  });
});

describe('PictureWatch', () => {
  it('counts the age of a picture from when the screen no longer looked so', () => {
    const watch = new PictureWatch(0);
    watch.onLook(100, { fromMs: 50, untilMs: null });
    watch.onLook(1000, { fromMs: 50, untilMs: 700 });
    expect(watch.oldestMs).toBe(300);
    expect(watch.firstPictureMs).toBe(100);
    watch.finish(1000);
    expect(judgePictures([watch], []).passed).toBe(true);
  });

  it('counts a stall once, with its whole length, slates included', () => {
    const watch = new PictureWatch(0);
    watch.onLook(100, { fromMs: 50, untilMs: null });
    for (let now = 600; now <= 4100; now += 500) watch.onLook(now, null);
    watch.onLook(4600, { fromMs: 4500, untilMs: null });
    watch.finish(5000);
    expect(watch.stalls).toEqual([{ fromMs: 100, untilMs: 4100 }]);
    expect(judgePictures([watch], [])).toMatchObject({ passed: false, stalls: { count: 1, worstMs: 4000 } });
  });

  it('counts a stall that never ends', () => {
    const watch = new PictureWatch(0);
    watch.onLook(2500, null);
    watch.finish(2600);
    expect(watch.stalls).toEqual([{ fromMs: 0, untilMs: 2500 }]);
    expect(judgePictures([watch], []).blind).toBe(1);
  });

  it('is not judged by what it saw while the machine had no time left', () => {
    const watch = new PictureWatch(0);
    for (let now = 0; now <= 3000; now += 500) watch.onLook(now, null);
    watch.finish(3000);
    const span = (untilMs: number, idle: number) => ({ fromMs: untilMs - 1000, untilMs, idle });
    expect(judgePictures([watch], [span(2000, 0), span(3000, 0.5)])).toMatchObject({
      passed: true,
      starved: { count: 1, worstMs: 3000 },
    });
    expect(judgePictures([watch], [span(2000, 0.1), span(4001, 0)]).passed).toBe(false);
  });

  it('counts from a kill to the first picture of what came after it, and no stall meanwhile', () => {
    const watch = new PictureWatch(0);
    watch.onLook(100, { fromMs: 50, untilMs: null });
    watch.onKill(1000);
    watch.onLook(1100, { fromMs: 900, untilMs: null });
    expect(watch.isRecovering).toBe(true);
    watch.onLook(3900, { fromMs: 3800, untilMs: null });
    expect(watch.isRecovering).toBe(false);
    watch.onLook(4400, { fromMs: 4300, untilMs: null });
    watch.finish(4500);
    expect(watch.recoveriesMs.kill).toEqual([2900]);
    expect(watch.stalls).toEqual([]);
  });

  it('counts a recovery that never comes, but not a kill right before the end', () => {
    const [hopeless, late] = [new PictureWatch(0), new PictureWatch(0)];
    hopeless.onKill(100);
    hopeless.finish(5000);
    expect(hopeless.recoveriesMs.kill).toEqual([4900]);
    late.onKill(4900);
    late.finish(5000);
    expect(late.recoveriesMs.kill).toEqual([]);
  });

  it('asks for no picture while the share is paused, and for one soon after', () => {
    const watch = new PictureWatch(0);
    watch.onLook(100, { fromMs: 50, untilMs: null });
    watch.onPause();
    for (let now = 600; now <= 5100; now += 500) watch.onLook(now, null);
    watch.onKill(5200);
    watch.onResume(6000);
    watch.onLook(6400, { fromMs: 6300, untilMs: null });
    watch.finish(6500);
    expect(watch.stalls).toEqual([]);
    expect(watch.recoveriesMs).toEqual({ kill: [], resume: [400] });
  });
});
