import { decompressSync, FORMAT_RGBX } from '@julusian/jpeg-turbo';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderSlate } from '../../../src-main/stream/slate.ts';

function brightPixels(jpeg: Buffer): number {
  const { data } = decompressSync(jpeg, { format: FORMAT_RGBX });
  let bright = 0;
  for (let index = 0; index < data.length; index += 4) if ((data[index] ?? 0) > 128) bright += 1;
  return bright;
}

describe('renderSlate', () => {
  it.each([
    [640, 360],
    [1920, 1080],
    [801, 601],
  ])('paints text in a frame of %i by %i', async (widthPx, heightPx) => {
    const jpeg = await renderSlate('The screen share is paused.', { widthPx, heightPx });
    expect(decompressSync(jpeg, { format: FORMAT_RGBX })).toMatchObject({ width: widthPx, height: heightPx });
    expect(brightPixels(jpeg)).toBeGreaterThan(300);
  });

  it('paints a question mark for what its font lacks', async () => {
    const size = { widthPx: 320, heightPx: 180 };
    expect(await renderSlate('日本', size)).toEqual(await renderSlate('??', size));
  });

  it('paints the same slate only once', async () => {
    const size = { widthPx: 320, heightPx: 180 };
    expect(await renderSlate('Once', size)).toBe(await renderSlate('Once', size));
  });

  it('survives any text and any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 200 }),
        async (text, widthPx, heightPx) => {
          const jpeg = await renderSlate(text, { widthPx, heightPx });
          expect(decompressSync(jpeg, { format: FORMAT_RGBX })).toMatchObject({
            width: widthPx,
            height: heightPx,
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});
