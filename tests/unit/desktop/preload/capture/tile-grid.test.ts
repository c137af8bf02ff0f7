import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divideIntoTiles, tileWidthMcus } from '../../../../../src-main/desktop/preload/capture/tile-grid.ts';

describe('divideIntoTiles', () => {
  it('covers each pixel once, in the order in which a JPEG is coded', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 100 }),
        (widthPx, heightPx) => {
          const tiles = divideIntoTiles(widthPx, heightPx);
          let [rightPx, bottomPx, rowBottomPx] = [widthPx, 0, 0];
          for (const tile of tiles) {
            if (rightPx === widthPx) [rightPx, bottomPx] = [0, rowBottomPx];
            expect([tile.leftPx, tile.topPx]).toEqual([rightPx, bottomPx]);
            [rightPx, rowBottomPx] = [tile.rightPx, tile.bottomPx];
          }
          expect([rightPx, rowBottomPx]).toEqual([widthPx, heightPx]);
        },
      ),
    );
  });

  it.each([
    [1, 1],
    [640, 20],
    [801, 51],
    [1280, 20],
    [1366, 43],
    [1920, 20],
    [3840, 20],
    [5120, 20],
  ])('makes the tiles of a picture %i pixels wide %i coded units wide', (widthPx, mcus) => {
    expect(tileWidthMcus(widthPx)).toBe(mcus);
  });

  it('has all tiles of a row equally wide in coded units, as restart markers want it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), (widthPx) => {
        expect(Math.ceil(widthPx / 16) % tileWidthMcus(widthPx)).toBe(0);
      }),
    );
  });
});
