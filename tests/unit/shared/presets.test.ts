import { describe, expect, it } from 'vitest';
import { PRESETS, qualitySchema } from '../../../src-shared/presets.ts';

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
