import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitToPreset, PRESETS, type Quality, qualitySchema } from '../../../src-shared/presets.ts';

describe('PRESETS', () => {
  it('are those of the contract', () => {
    expect(PRESETS).toEqual({
      low: { maxWidthPx: 640, maxHeightPx: 480, framesPerSecond: 15 },
      medium: { maxWidthPx: 1280, maxHeightPx: 720, framesPerSecond: 30 },
      high: { maxWidthPx: 1920, maxHeightPx: 1080, framesPerSecond: 60 },
    });
    expect(Object.keys(PRESETS)).toEqual(qualitySchema.options);
  });
});

describe('fitToPreset', () => {
  it.each<[Quality, number, number, number, number]>([
    ['low', 1920, 1080, 640, 360],
    ['medium', 1920, 1080, 1280, 720],
    ['high', 1920, 1080, 1920, 1080],
    ['low', 1024, 768, 640, 480],
    ['medium', 1024, 768, 960, 720],
    ['high', 1024, 768, 1024, 768],
    ['high', 3840, 2160, 1920, 1080],
    ['high', 2560, 1600, 1728, 1080],
    ['medium', 1080, 1920, 406, 720],
    ['low', 320, 200, 320, 200],
    ['low', 321, 201, 321, 201],
    ['high', 5120, 1440, 1920, 540],
  ])('%s of %dx%d is %dx%d', (quality, widthPx, heightPx, fitWidthPx, fitHeightPx) => {
    expect(fitToPreset({ widthPx, heightPx }, PRESETS[quality])).toEqual({
      widthPx: fitWidthPx,
      heightPx: fitHeightPx,
    });
  });

  const side = fc.integer({ min: 2, max: 16_384 });

  it('stays in the box, never scales up, and is even where it scales', () => {
    fc.assert(
      fc.property(side, side, fc.constantFrom(...qualitySchema.options), (widthPx, heightPx, quality) => {
        const preset = PRESETS[quality];
        const fit = fitToPreset({ widthPx, heightPx }, preset);
        expect(fit.widthPx).toBeLessThanOrEqual(Math.min(widthPx, preset.maxWidthPx));
        expect(fit.heightPx).toBeLessThanOrEqual(Math.min(heightPx, preset.maxHeightPx));
        if (widthPx <= preset.maxWidthPx && heightPx <= preset.maxHeightPx) {
          expect(fit).toEqual({ widthPx, heightPx });
        } else {
          expect([fit.widthPx % 2, fit.heightPx % 2]).toEqual([0, 0]);
        }
      }),
    );
  });

  it('keeps the aspect ratio to within the rounding of a pixel', () => {
    fc.assert(
      fc.property(side, side, fc.constantFrom(...qualitySchema.options), (widthPx, heightPx, quality) => {
        const preset = PRESETS[quality];
        const scale = Math.min(1, preset.maxWidthPx / widthPx, preset.maxHeightPx / heightPx);
        const fit = fitToPreset({ widthPx, heightPx }, preset);
        // Two pixels is the least that a side can be.
        expect(Math.abs(fit.widthPx - Math.max(2, widthPx * scale))).toBeLessThanOrEqual(1);
        expect(Math.abs(fit.heightPx - Math.max(2, heightPx * scale))).toBeLessThanOrEqual(1);
      }),
    );
  });
});
