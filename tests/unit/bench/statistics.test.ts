import { describe, expect, it } from 'vitest';
import { fitTrend } from '../../bench/support/linear-trend.mjs';
import { SeededRandom } from '../../bench/support/seeded-random.mjs';
import { median, quantile, round } from '../../bench/support/statistics.mjs';

describe('quantile', () => {
  it('finds values by rank, whatever their order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(quantile([5, 4, 3, 2, 1], 0)).toBe(1);
    expect(quantile([5, 4, 3, 2, 1], 1)).toBe(5);
  });

  it('lets one value in a hundred be worse than the 99th of a hundred', () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(quantile(values, 0.99)).toBe(99);
    expect(quantile(values, 0.95)).toBe(95);
  });

  it('leaves the values as they were', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe('round', () => {
  it('keeps one digit unless told otherwise', () => {
    expect(round(1.25)).toBe(1.3);
    expect(round(1.254, 2)).toBe(1.25);
    expect(round(1.5, 0)).toBe(2);
  });
});

describe('fitTrend', () => {
  const line = (count: number, y: (x: number) => number) =>
    Array.from({ length: count }, (_, x) => ({ x, y: y(x) }));

  it('finds a line that is one, without an error', () => {
    const { slope, error, mean } = fitTrend(line(11, (x) => 3 * x + 2));
    expect(slope).toBeCloseTo(3, 9);
    expect(error).toBeCloseTo(0, 6);
    expect(mean).toBe(17);
  });

  it('has no slope for what stays the same', () => {
    expect(fitTrend(line(5, () => 7))).toEqual({ slope: 0, error: 0, mean: 7, points: 5 });
  });

  it('gives the textbook error for noise that has no memory', () => {
    // Residuals that change their sign each time have no positive correlation.
    const { slope, error } = fitTrend(line(100, (x) => x + (x % 2 === 0 ? 1 : -1)));
    const spread = (100 * (100 ** 2 - 1)) / 12;
    expect(slope).toBeCloseTo(1, 2);
    expect(error).toBeCloseTo(Math.sqrt(100 / 98 / spread), 4);
  });

  it('is less sure of values that resemble their neighbours', () => {
    const teeth = (period: number) => fitTrend(line(200, (x) => x % period)).error;
    const random = new SeededRandom(4);
    const independent = fitTrend(line(200, () => 40 * random.next())).error;
    expect(teeth(40)).toBeGreaterThan(2 * independent);
  });

  it('says nothing of two points, or of points at one time', () => {
    expect(fitTrend(line(2, (x) => x)).error).toBe(Number.POSITIVE_INFINITY);
    expect(fitTrend([1, 2, 3].map((y) => ({ x: 0, y }))).error).toBe(Number.POSITIVE_INFINITY);
  });
});

describe('SeededRandom', () => {
  it('gives the same numbers for the same seed, others for another', () => {
    const draw = (seed: number) => {
      const random = new SeededRandom(seed);
      return Array.from({ length: 5 }, () => random.next());
    };
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('covers its range', () => {
    const random = new SeededRandom(7);
    const values = Array.from({ length: 2000 }, () => random.between(10, 20));
    expect(Math.min(...values)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...values)).toBeLessThan(20);
    expect(median(values)).toBeGreaterThan(14.5);
    expect(median(values)).toBeLessThan(15.5);
    expect(new Set(values.map(() => random.pick(['a', 'b', 'c']))).size).toBe(3);
  });
});
