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
    const badge = placeBadge(DISPLAY, 'This screen is shared', []);
    expect(badge && badge.x + badge.width / 2).toBeCloseTo(-960, 0);
    expect(badge?.y).toBe(100);
    expect(placeBadge(DISPLAY, 'x'.repeat(1000), [])?.width).toBe(640);
    expect(placeBadge({ ...DISPLAY, width: 300 }, 'x'.repeat(1000), [])?.width).toBe(300);
  });

  it('has its text where it covers nothing that is kept free, and none where there is no such place', () => {
    const display = { x: 100, y: 50, width: 1000, height: 600 };
    const kept: { x: number; y: number; width: number; height: number }[] = [];
    const places = [];
    for (;;) {
      const place = placeBadge(display, 'This screen is shared', kept);
      if (!place) break;
      places.push([place.x, place.y]);
      kept.push({ x: place.x + 5, y: place.y + 5, width: 10, height: 10 });
    }
    expect(places).toEqual([
      [501, 50],
      [501, 624],
      [100, 50],
      [902, 50],
      [100, 624],
      [902, 624],
    ]);
    const beside = { x: 0, y: 0, width: 1200, height: 50 };
    expect(placeBadge(display, 'x', [beside])?.y).toBe(50);
    expect(placeBadge(display, 'x', [display])).toBeNull();
  });
});
