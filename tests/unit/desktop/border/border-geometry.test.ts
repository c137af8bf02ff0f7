import { describe, expect, it } from 'vitest';
import { placeBadge, placeStrips } from '../../../../src-main/desktop/border/border-geometry.ts';

const DISPLAY = { x: -1920, y: 100, width: 1920, height: 1080 };

describe('the border', () => {
  it('goes round a display along its edges, without a gap and without an overlap', () => {
    const strips = placeStrips(DISPLAY);
    const area = strips.reduce((sum, { width, height }) => sum + width * height, 0);
    expect(area).toBe(1920 * 1080 - (1920 - 8) * (1080 - 8));
    expect(Math.min(...strips.map(({ x }) => x))).toBe(-1920);
    expect(Math.max(...strips.map(({ x, width }) => x + width))).toBe(0);
    expect(Math.min(...strips.map(({ y }) => y))).toBe(100);
    expect(Math.max(...strips.map(({ y, height }) => y + height))).toBe(1180);
  });

  it('has its text in the middle of the top, never wider than the display', () => {
    const badge = placeBadge(DISPLAY, 'This screen is shared');
    expect(badge.x + badge.width / 2).toBeCloseTo(-960, 0);
    expect(badge.y).toBe(100);
    expect(placeBadge(DISPLAY, 'x'.repeat(1000)).width).toBe(640);
    expect(placeBadge({ ...DISPLAY, width: 300 }, 'x'.repeat(1000)).width).toBe(300);
  });
});
