import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ColorSpace,
  conversionMatrix,
  createPixelKernel,
} from '../../../../../src-main/desktop/preload/capture/pixel-kernel.ts';

const U = 16;
const V = 24;
const OUT = 32;

/** One block of 16 pixels with these samples, as BGRX. */
function convert(y: readonly number[], u: readonly number[], v: readonly number[], space: ColorSpace) {
  const { memory, convertRow } = createPixelKernel(128);
  const bytes = new Uint8Array(memory);
  bytes.set(y, 0);
  bytes.set(u, U);
  bytes.set(v, V);
  convertRow(0, U, V, OUT, 1, ...conversionMatrix(space));
  return bytes.slice(OUT, OUT + 64);
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, value));
}

describe('pixelKernel', () => {
  it.each([
    ['smpte170m', false, 1.402, 0.344136, 0.714136, 1.772],
    ['smpte170m', true, 1.402, 0.344136, 0.714136, 1.772],
    ['bt709', false, 1.5748, 0.187324, 0.468124, 1.8556],
    ['bt2020-ncl', true, 1.4746, 0.164553, 0.571353, 1.8814],
  ] as const)(
    'converts %s of full range %s exactly but for rounding',
    (matrix, fullRange, rv, gu, gv, bu) => {
      const [least, most] = fullRange ? [0, 255] : [16, 235];
      const samples = (length: number) =>
        fc.array(fc.integer({ min: least, max: most }), { minLength: length, maxLength: length });
      fc.assert(
        fc.property(samples(16), samples(8), samples(8), (y, u, v) => {
          const bgrx = convert(y, u, v, { matrix, fullRange });
          for (let x = 0; x < 16; x++) {
            const luma = fullRange ? (y[x] ?? 0) : (((y[x] ?? 0) - 16) * 255) / 219;
            const scale = fullRange ? 1 : 255 / 224;
            const cb = ((u[x >> 1] ?? 0) - 128) * scale;
            const cr = ((v[x >> 1] ?? 0) - 128) * scale;
            const exact = [luma + bu * cb, luma - gu * cb - gv * cr, luma + rv * cr].map(clamp);
            exact.forEach((value, channel) => {
              expect(Math.abs((bgrx[x * 4 + channel] ?? 0) - value)).toBeLessThanOrEqual(0.7);
            });
          }
        }),
      );
    },
  );

  it('keeps black black and white white', () => {
    const flat = (value: number, length: number): number[] => Array.from({ length }, () => value);
    const space = { matrix: 'smpte170m', fullRange: false } as const;
    const gray = (luma: number) => convert(flat(luma, 16), flat(128, 8), flat(128, 8), space);
    expect([...gray(16).subarray(0, 3)]).toEqual([0, 0, 0]);
    expect([...gray(235).subarray(0, 3)]).toEqual([255, 255, 255]);
  });

  it('finds each byte that differs within a rectangle, and none around it', () => {
    const stride = 64;
    const rows = 5;
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }).map((eights) => eights * 8),
        fc.integer({ min: 0, max: stride - 1 }),
        fc.integer({ min: 0, max: rows }),
        (width, x, row) => {
          const { memory, differs } = createPixelKernel(2 * stride * (rows + 1));
          const other = stride * (rows + 1);
          new Uint8Array(memory)[other + row * stride + x] = 1;
          const isWithin = x < width && row < rows;
          expect(differs(0, other, stride, width, rows) !== 0).toBe(isWithin);
        },
      ),
    );
  });
});
