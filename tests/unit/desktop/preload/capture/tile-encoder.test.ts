import { compressSync, decompressSync, FORMAT_BGRX, SAMP_420 } from '@julusian/jpeg-turbo';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { TileEncoder } from '../../../../../src-main/desktop/preload/capture/tile-encoder.ts';
import { FakeVideoFrame } from '../../../../fakes/fake-video-frame.ts';

// The real encoder, with its calls counted.
vi.mock('@julusian/jpeg-turbo', async (importOriginal) => {
  const { default: real } = await importOriginal<{ default: typeof import('@julusian/jpeg-turbo') }>();
  return { ...real, compressSync: vi.fn(real.compressSync) };
});

type Gray = (x: number, y: number) => number;

const QUALITY = 70;

function createEncoder(): TileEncoder {
  return new TileEncoder(QUALITY);
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

describe('tileEncoder', () => {
  it('codes a picture as if in one piece, whatever its size and the way there', async () => {
    const place = fc.integer({ min: 0, max: 699 });
    await fc.assert(
      fc.asyncProperty(
        // From 640 on a picture can have two tiles beside each other, from 960 on three.
        fc.oneof(fc.integer({ min: 1, max: 130 }), fc.constantFrom(639, 640, 650, 700, 960)),
        fc.integer({ min: 1, max: 70 }),
        // As it comes from Chromium, a graphics card, or neither says.
        fc.constantFrom('I420', 'NV12', null),
        fc.array(
          fc.record({
            left: place,
            top: fc.integer({ min: 0, max: 69 }),
            side: fc.integer({ min: 1, max: 300 }),
          }),
          { maxLength: 4 },
        ),
        async (widthPx, heightPx, format, changes) => {
          const encoder = createEncoder();
          let gray: Gray = slope;
          let jpeg = (await encoder.encode(new FakeVideoFrame(format, widthPx, heightPx, gray), 1))?.jpeg;
          for (const [index, { left, top, side }] of changes.entries()) {
            const before = gray;
            const isWithin: (x: number, y: number) => boolean = (x, y) =>
              y >= top && y < top + side && x >= left && x < left + side;
            gray = (x, y) => (isWithin(x, y) ? (x + y * 7 + index * 50) % 256 : before(x, y));
            jpeg =
              (await encoder.encode(new FakeVideoFrame(format, widthPx, heightPx, gray), 1))?.jpeg ?? jpeg;
          }
          const whole = codeWhole(widthPx, heightPx, gray);
          const tiled = decode(jpeg ?? new Uint8Array());
          expect([tiled.width, tiled.height]).toEqual([widthPx, heightPx]);
          expect(tiled.pixels.equals(whole.pixels)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('codes no tile but those that changed', async () => {
    const encoder = createEncoder();
    vi.mocked(compressSync).mockClear();
    await encoder.encode(new FakeVideoFrame('I420', 640, 48, slope), 1);
    expect(compressSync).toHaveBeenCalledTimes(6);
    vi.mocked(compressSync).mockClear();
    const dotted: Gray = (x, y) => (x === 320 && y === 31 ? 0 : slope(x, y));
    await encoder.encode(new FakeVideoFrame('I420', 640, 48, dotted), 1);
    expect(compressSync).toHaveBeenCalledTimes(1);
  });

  it('answers null for a picture that looks like the last', async () => {
    const encoder = createEncoder();
    expect(await encoder.encode(new FakeVideoFrame('I420', 64, 64, slope), 1)).not.toBeNull();
    const again = new FakeVideoFrame('I420', 64, 64, slope);
    expect(await encoder.encode(again, 1)).toBeNull();
    expect(again.copies.map(({ format }) => format)).toEqual(['I420']);
  });

  it.each([
    ['u', 0, 0],
    ['v', 0, 0],
    ['u', 159, 8],
    ['v', 160, 7],
    ['u', 324, 34],
    ['v', 324, 34],
  ] as const)('sees a change of a single sample of %s, at %i, %i', async (plane, x, y) => {
    const encoder = createEncoder();
    await encoder.encode(new FakeVideoFrame('I420', 650, 70, slope), 1);
    const tinted = new FakeVideoFrame('I420', 650, 70, slope, (px, py, name) =>
      px === x && py === y && name === plane ? 129 : 128,
    );
    expect(await encoder.encode(tinted, 1)).not.toBeNull();
  });

  it.each([
    [0, 0],
    [649, 69],
    [319, 16],
    [320, 15],
    [1, 31],
  ])('sees a change of a single sample of brightness, at %i, %i', async (x, y) => {
    const encoder = createEncoder();
    await encoder.encode(new FakeVideoFrame('I420', 650, 70, slope), 1);
    const dotted: Gray = (px, py) => (px === x && py === y ? 255 - slope(px, py) : slope(px, py));
    expect(await encoder.encode(new FakeVideoFrame('I420', 650, 70, dotted), 1)).not.toBeNull();
    expect(await encoder.encode(new FakeVideoFrame('I420', 650, 70, slope), 1)).not.toBeNull();
  });

  it('has Chromium convert no rows but those that changed, where it must', async () => {
    const encoder = createEncoder();
    await encoder.encode(new FakeVideoFrame(null, 64, 200, slope), 1);
    const next = new FakeVideoFrame(null, 64, 200, (x, y) => (y === 40 || y >= 190 ? 0 : slope(x, y)));
    await encoder.encode(next, 1);
    expect(next.copies).toEqual([
      { format: 'BGRX', topPx: 0, heightPx: 200 },
      { format: 'BGRX', topPx: 32, heightPx: 16 },
      { format: 'BGRX', topPx: 176, heightPx: 24 },
    ]);
  });

  it.each([1, 2])('keeps each colour in its place when it is made %i times smaller', async (shrink) => {
    const encoder = createEncoder();
    // 960 pixels wide, three tiles; a sample of chroma stands for two pixels.
    const third = (x: number) => Math.floor(x / (160 * shrink));
    const colored = new FakeVideoFrame(
      'I420',
      960 * shrink,
      48 * shrink,
      () => 128,
      (x, _y, plane) => (plane === 'u' ? 108 + third(x) * 20 : 148 - third(x) * 20),
    );
    const picture = await encoder.encode(colored, shrink);
    const { pixels, width } = decode(picture?.jpeg ?? new Uint8Array());
    for (const x of [4, 310, 330, 630, 650, 950]) {
      const chroma = (Math.floor(x / 320) - 1) * 20;
      const [blue = 0, , red = 0] = pixels.subarray((20 * width + x) * 4);
      expect(Math.abs(blue - (128 + 1.772 * chroma))).toBeLessThan(6);
      expect(Math.abs(red - (128 - 1.402 * chroma))).toBeLessThan(6);
    }
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

  it('sees a change to the right of the last whole block', async () => {
    const encoder = createEncoder();
    const picture = await encoder.encode(new FakeVideoFrame('I420', 1283, 32, slope), 2);
    expect(picture).toMatchObject({ widthPx: 641, heightPx: 16 });
    const right: Gray = (x, y) => (x === 1282 ? 0 : slope(x, y));
    expect(await encoder.encode(new FakeVideoFrame('I420', 1283, 32, right), 2)).not.toBeNull();
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
