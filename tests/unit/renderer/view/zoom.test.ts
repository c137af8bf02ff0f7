import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  layoutSize,
  scaleOf,
  scrollAfterZoom,
  stepZoom,
  zoomTo,
} from '../../../../src-renderer/view/zoom.ts';

const HD = { widthPx: 1280, heightPx: 720 };
const PHONE = { width: 320, height: 568 };
const DESK = { width: 1920, height: 1000 };

describe('scaleOf', () => {
  it('fits the whole picture into the room, larger or smaller', () => {
    expect(scaleOf('fit', HD, PHONE)).toBe(0.25);
    expect(scaleOf('fit', HD, DESK)).toBeCloseTo(1.389, 3);
    expect(scaleOf('fit', { widthPx: 0, heightPx: 0 }, DESK)).toBe(1);
    expect(scaleOf(1, HD, PHONE)).toBe(1);
  });
});

describe('layoutSize', () => {
  it('gives a small picture of the same screen the room of a whole one, and no other', () => {
    const whole = { width: 1280, height: 720 };
    expect(layoutSize({ widthPx: 640, heightPx: 360 }, whole)).toEqual(HD);
    expect(layoutSize(HD, whole)).toEqual(HD);
    expect(layoutSize({ widthPx: 640, heightPx: 480 }, whole)).toEqual({ widthPx: 640, heightPx: 480 });
    expect(layoutSize({ widthPx: 640, heightPx: 360 }, null)).toEqual({ widthPx: 640, heightPx: 360 });
  });
});

describe('zoomTo', () => {
  it('keeps between what fits and eight times, and lets a small picture have its actual size', () => {
    expect(zoomTo(0.1, HD, PHONE)).toBe('fit');
    expect(zoomTo(100, HD, PHONE)).toBe(8);
    expect(zoomTo(1, HD, DESK)).toBe(1);
    expect(zoomTo(0.5, HD, DESK)).toBe(1);
    expect(zoomTo(1.389, HD, DESK)).toBe('fit');
  });

  it('comes back to where it began, step by step', () => {
    const larger = stepZoom('fit', 1, HD, PHONE);
    expect(larger).toBeCloseTo(0.3125);
    expect(stepZoom(larger, -1, HD, PHONE)).toBe('fit');
    expect(stepZoom('fit', -1, HD, PHONE)).toBe('fit');
  });
});

describe('scrollAfterZoom', () => {
  it('keeps what is under the fingers where it is, wherever there is something to scroll', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 1.5, max: 4, noNaN: true }),
        fc.double({ min: 1.01, max: 2, noNaN: true }),
        (along, at, before, factor) => {
          const anchor = { x: at * PHONE.width, y: at * PHONE.height };
          const scroll = {
            x: along * (HD.widthPx * before - PHONE.width),
            y: along * (HD.heightPx * before - PHONE.height),
          };
          const after = before * factor;
          const next = scrollAfterZoom(scroll, anchor, before, after, HD, PHONE);
          expect((next.x + anchor.x) / after).toBeCloseTo((scroll.x + anchor.x) / before, 6);
          expect((next.y + anchor.y) / after).toBeCloseTo((scroll.y + anchor.y) / before, 6);
        },
      ),
    );
  });

  it('takes the margins around a small picture into account', () => {
    // The middle of a fitted picture stays in the middle.
    const middle = { x: PHONE.width / 2, y: PHONE.height / 2 };
    const next = scrollAfterZoom({ x: 0, y: 0 }, middle, 0.25, 2, HD, PHONE);
    expect(next).toEqual({ x: 1280 - 160, y: 720 - 284 });
  });
});
