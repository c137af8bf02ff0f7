import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeBesideTray } from '../../../src-main/desktop/panel-placement.ts';

const PANEL = { width: 420, height: 680 };

describe('placeBesideTray', () => {
  it.each([
    [
      'below a menu bar',
      { x: 1200, y: 0, width: 22, height: 22 },
      { x: 0, y: 22, width: 1440, height: 878 },
      { x: 1001, y: 26 },
    ],
    [
      'above a task bar',
      { x: 1700, y: 1045, width: 24, height: 30 },
      { x: 0, y: 0, width: 1920, height: 1040 },
      { x: 1500, y: 360 },
    ],
    [
      'right of a bar on the left',
      { x: 4, y: 900, width: 24, height: 24 },
      { x: 48, y: 0, width: 1872, height: 1080 },
      { x: 48, y: 400 },
    ],
    [
      'left of a bar on the right',
      { x: 1880, y: 500, width: 24, height: 24 },
      { x: 0, y: 0, width: 1872, height: 1080 },
      { x: 1452, y: 172 },
    ],
    [
      'on a second display',
      { x: 3000, y: 0, width: 22, height: 22 },
      { x: 1920, y: 22, width: 1280, height: 778 },
      { x: 2780, y: 26 },
    ],
  ])('stands %s', (_where, icon, workArea, place) => {
    expect(placeBesideTray(icon, PANEL, workArea)).toEqual(place);
  });

  it('never leaves a work area that it fits into', () => {
    const box = fc.record({
      x: fc.integer({ min: -4000, max: 4000 }),
      y: fc.integer({ min: -4000, max: 4000 }),
      width: fc.integer({ min: 1, max: 4000 }),
      height: fc.integer({ min: 1, max: 4000 }),
    });
    fc.assert(
      fc.property(box, box, (icon, area) => {
        const workArea = { ...area, width: area.width + PANEL.width, height: area.height + PANEL.height };
        const { x, y } = placeBesideTray(icon, PANEL, workArea);
        expect(x).toBeGreaterThanOrEqual(workArea.x);
        expect(y).toBeGreaterThanOrEqual(workArea.y);
        expect(x + PANEL.width).toBeLessThanOrEqual(workArea.x + workArea.width);
        expect(y + PANEL.height).toBeLessThanOrEqual(workArea.y + workArea.height);
      }),
    );
  });

  it('shows the start of a window that is too large', () => {
    const workArea = { x: 10, y: 20, width: 300, height: 400 };
    expect(placeBesideTray({ x: 290, y: 0, width: 20, height: 20 }, PANEL, workArea)).toEqual({
      x: 10,
      y: 20,
    });
  });
});
