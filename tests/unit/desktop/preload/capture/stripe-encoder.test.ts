import { compressSync, decompressSync, FORMAT_BGRX, SAMP_420 } from '@julusian/jpeg-turbo';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StripeEncoder } from '../../../../../src-main/desktop/preload/capture/stripe-encoder.ts';
import { FakeVideoFrame } from '../../../../fakes/fake-video-frame.ts';

type Gray = (x: number, y: number) => number;

const QUALITY = 70;

function createEncoder(): StripeEncoder {
  return new StripeEncoder(QUALITY);
}

function decode(jpeg: Uint8Array) {
  const { data, width, height } = decompressSync(Buffer.from(jpeg), { format: FORMAT_BGRX });
  return { pixels: data, width, height };
}

/** The picture as it comes out if it is coded in one piece. */
function codeWhole(widthPx: number, heightPx: number, gray: Gray) {
  const pixels = Buffer.alloc(widthPx * heightPx * 4);
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++)
      pixels.fill(gray(x, y), (y * widthPx + x) * 4, (y * widthPx + x) * 4 + 3);
  }
  const options = {
    format: FORMAT_BGRX,
    width: widthPx,
    height: heightPx,
    subsampling: SAMP_420,
    quality: QUALITY,
  };
  return decode(compressSync(pixels, options));
}

const slope: Gray = (x, y) => (x * 3 + y * 5) % 256;

describe('stripeEncoder', () => {
  it('codes a picture as if in one piece, whatever its size and the way there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 130 }),
        fc.integer({ min: 1, max: 130 }),
        fc.array(
          fc.record({ top: fc.integer({ min: 0, max: 129 }), rows: fc.integer({ min: 1, max: 40 }) }),
          { maxLength: 4 },
        ),
        async (widthPx, heightPx, changes) => {
          const encoder = createEncoder();
          let gray: Gray = slope;
          let jpeg = (await encoder.encode(new FakeVideoFrame('I420', widthPx, heightPx, gray), 1))?.jpeg;
          for (const [index, { top, rows }] of changes.entries()) {
            const before = gray;
            gray = (x, y) => (y >= top && y < top + rows ? (x + y * 7 + index * 50) % 256 : before(x, y));
            jpeg =
              (await encoder.encode(new FakeVideoFrame('I420', widthPx, heightPx, gray), 1))?.jpeg ?? jpeg;
          }
          const whole = codeWhole(widthPx, heightPx, gray);
          const striped = decode(jpeg ?? new Uint8Array());
          expect([striped.width, striped.height]).toEqual([widthPx, heightPx]);
          expect(striped.pixels.equals(whole.pixels)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('answers null for a picture that looks like the last', async () => {
    const encoder = createEncoder();
    expect(await encoder.encode(new FakeVideoFrame('I420', 64, 64, slope), 1)).not.toBeNull();
    const again = new FakeVideoFrame('I420', 64, 64, slope);
    expect(await encoder.encode(again, 1)).toBeNull();
    expect(again.copies.map(({ format }) => format)).toEqual(['I420']);
  });

  it('sees a change of a single sample, in any plane and row', async () => {
    const encoder = createEncoder();
    await encoder.encode(new FakeVideoFrame('I420', 70, 70, slope), 1);
    for (const [x, y] of [
      [0, 0],
      [69, 69],
      [33, 32],
      [1, 31],
    ]) {
      const dotted: Gray = (px, py) => (px === x && py === y ? 255 - slope(px, py) : slope(px, py));
      expect(await encoder.encode(new FakeVideoFrame('I420', 70, 70, dotted), 1)).not.toBeNull();
      expect(await encoder.encode(new FakeVideoFrame('I420', 70, 70, slope), 1)).not.toBeNull();
    }
  });

  it('has Chromium convert no rows but those that changed, where it must', async () => {
    const encoder = createEncoder();
    await encoder.encode(new FakeVideoFrame(null, 64, 200, slope), 1);
    const next = new FakeVideoFrame(null, 64, 200, (x, y) => (y === 40 || y >= 190 ? 0 : slope(x, y)));
    await encoder.encode(next, 1);
    expect(next.copies).toEqual([
      { format: 'BGRX', topPx: 0, heightPx: 200 },
      { format: 'BGRX', topPx: 32, heightPx: 32 },
      { format: 'BGRX', topPx: 160, heightPx: 40 },
    ]);
  });

  it('begins anew when the size changes', async () => {
    const encoder = createEncoder();
    await encoder.encode(new FakeVideoFrame('I420', 64, 64, slope), 1);
    const picture = await encoder.encode(new FakeVideoFrame('I420', 48, 80, slope), 1);
    expect(picture).toMatchObject({ widthPx: 48, heightPx: 80 });
    expect(decode(picture?.jpeg ?? new Uint8Array()).pixels.equals(codeWhole(48, 80, slope).pixels)).toBe(
      true,
    );
  });

  it('compares frames that have no format of their own as RGB', async () => {
    const encoder = createEncoder();
    const first = new FakeVideoFrame(null, 64, 64, slope);
    expect(await encoder.encode(first, 3)).toMatchObject({ widthPx: 64, heightPx: 64 });
    expect(first.copies[0]?.format).toBe('BGRX');
    expect(await encoder.encode(new FakeVideoFrame(null, 64, 64, slope), 3)).toBeNull();
  });

  it('shrinks by means, and sees changes that go into the last row only in part', async () => {
    const encoder = createEncoder();
    const checkered: Gray = (x, y) => ((x + y) % 2 === 0 ? 100 : 200);
    const picture = await encoder.encode(new FakeVideoFrame('I420', 122, 101, checkered), 2);
    expect(picture).toMatchObject({ widthPx: 61, heightPx: 50 });
    const { pixels } = decode(picture?.jpeg ?? new Uint8Array());
    expect(pixels[0]).toBeGreaterThan(148);
    expect(pixels[0]).toBeLessThan(152);
    const below: Gray = (x, y) => (y === 100 ? 0 : checkered(x, y));
    expect(await encoder.encode(new FakeVideoFrame('I420', 122, 101, below), 2)).not.toBeNull();
  });
});
