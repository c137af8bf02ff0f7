import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planScale } from '../../../../../src-main/desktop/preload/capture/capture-scale.ts';
import { PRESETS } from '../../../../../src-shared/presets.ts';

describe('planScale', () => {
  it.each([
    [1920, 1080, 'high', { maxWidthPx: 1920, maxHeightPx: 1080, shrink: 1 }],
    [1920, 1080, 'medium', { maxWidthPx: 1280, maxHeightPx: 720, shrink: 1 }],
    [1920, 1080, 'low', { maxWidthPx: 1920, maxHeightPx: 1440, shrink: 3 }],
    [1366, 768, 'low', { maxWidthPx: 1280, maxHeightPx: 960, shrink: 2 }],
    [3840, 2160, 'high', { maxWidthPx: 1920, maxHeightPx: 1080, shrink: 1 }],
    [3840, 2160, 'medium', { maxWidthPx: 2560, maxHeightPx: 1440, shrink: 2 }],
    [300, 200, 'low', { maxWidthPx: 640, maxHeightPx: 480, shrink: 1 }],
  ] as const)('brings %i by %i to %s', (widthPx, heightPx, quality, plan) => {
    const { maxWidthPx, maxHeightPx } = PRESETS[quality];
    expect(planScale({ widthPx, heightPx }, { maxWidthPx, maxHeightPx })).toEqual(plan);
  });

  it('leaves no more than a factor of two to Chromium, and always ends in the box', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16_000 }),
        fc.integer({ min: 1, max: 16_000 }),
        fc.constantFrom(...Object.values(PRESETS)),
        (widthPx, heightPx, box) => {
          const { maxWidthPx, maxHeightPx, shrink } = planScale({ widthPx, heightPx }, box);
          const ratio = Math.max(widthPx / maxWidthPx, heightPx / maxHeightPx);
          expect(ratio).toBeLessThanOrEqual(2);
          if (shrink > 1) expect(ratio).toBeGreaterThanOrEqual(1);
          expect(maxWidthPx / shrink).toBe(box.maxWidthPx);
          expect(maxHeightPx / shrink).toBe(box.maxHeightPx);
        },
      ),
    );
  });
});
