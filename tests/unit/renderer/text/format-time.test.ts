import { describe, expect, it } from 'vitest';
import { formatAgo, formatCountdown, formatDuration } from '../../../../src-renderer/text/format-time.ts';

describe('formatDuration', () => {
  it.each([
    [-1, '0 s'],
    [0, '0 s'],
    [59.9, '59 s'],
    [60, '1 min'],
    [192, '3 min 12 s'],
    [3600, '1 h'],
    [7530, '2 h 5 min'],
    [86_399, '23 h 59 min'],
    [86_400, '1 d'],
    [273_600, '3 d 4 h'],
  ])('writes %d s as "%s"', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});

describe('formatCountdown', () => {
  it.each([
    [125, '2:05'],
    [60, '1:00'],
    [41.2, '0:42'],
    [0.1, '0:01'],
    [0, '0:00'],
    [-3, '0:00'],
  ])('writes %d s as "%s"', (seconds, text) => {
    expect(formatCountdown(seconds)).toBe(text);
  });
});

describe('formatAgo', () => {
  it.each([
    [-5000, 'just now'],
    [59_000, 'just now'],
    [60_000, '1 minute ago'],
    [3_599_000, '59 minutes ago'],
    [7_200_000, '2 hours ago'],
    [86_400_000, 'yesterday'],
    [864_000_000, '10 days ago'],
  ])('calls %d ms ago "%s"', (ms, text) => {
    expect(formatAgo(0, ms)).toBe(text);
  });
});
