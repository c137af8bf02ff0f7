import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shrinkRows } from '../../../../../src-main/desktop/preload/capture/box-filter.ts';
import type { FramePlane } from '../../../../../src-main/desktop/preload/capture/frame-planes.ts';

function createPlane(width: number, height: number, start: number) {
  const stride = Math.ceil(width / 4) * 4;
  const memory = new ArrayBuffer(start + stride * height);
  const plane: FramePlane = { offset: 0, stride, width, height, rowsPerRow: 1, bytesPerPair: 2 };
  return { memory, start, plane, samples: new Uint8Array(memory) };
}

describe('shrinkRows', () => {
  it('gives the rounded mean of each block, taking the last row and column again where one is cut off', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.boolean(),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        (factor, width, height, roundUp, values) => {
          const size = (side: number): number =>
            Math.max(1, roundUp ? Math.ceil(side / factor) : Math.floor(side / factor));
          const source = createPlane(width, height, 8);
          for (let index = 8; index < source.samples.length; index++) {
            source.samples[index] = values.next().value ?? 0;
          }
          const target = createPlane(size(width), size(height), 4);
          shrinkRows(source, target, factor, 0, target.plane.height);
          for (let y = 0; y < target.plane.height; y++) {
            for (let x = 0; x < target.plane.width; x++) {
              let sum = 0;
              for (let row = y * factor; row < (y + 1) * factor; row++) {
                for (let column = x * factor; column < (x + 1) * factor; column++) {
                  const at =
                    8 + Math.min(row, height - 1) * source.plane.stride + Math.min(column, width - 1);
                  sum += source.samples[at] ?? 0;
                }
              }
              const mean = Math.floor((sum + ((factor * factor) >> 1)) / (factor * factor));
              expect(target.samples[4 + y * target.plane.stride + x]).toBe(mean);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('touches no other rows', () => {
    const source = createPlane(8, 8, 0);
    source.samples.fill(200);
    const target = createPlane(4, 4, 0);
    shrinkRows(source, target, 2, 1, 3);
    expect([0, 4, 8, 12].map((row) => target.samples[row])).toEqual([0, 200, 200, 0]);
  });
});
