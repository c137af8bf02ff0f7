/** The side of a 4:2:0 JPEG's smallest coded unit, in pixels: tiles are one such unit high. */
const MCU_PX = 16;

/** Tiles are at least so wide, if they can be: each costs some five microseconds, whatever its size. */
const LEAST_TILE_MCUS = 20;

/** A part of a picture; those at the right and at the bottom end with it. */
export interface Tile {
  readonly leftPx: number;
  readonly topPx: number;
  readonly rightPx: number;
  readonly bottomPx: number;
}

/**
 * The tiles of a picture, row by row from the top, each row from the left. All are equally wide, counted in coded
 * units, because a JPEG has one restart interval.
 */
export function divideIntoTiles(widthPx: number, heightPx: number): Tile[] {
  const tileWidthPx = tileWidthMcus(widthPx) * MCU_PX;
  const tiles: Tile[] = [];
  for (let topPx = 0; topPx < heightPx; topPx += MCU_PX) {
    const bottomPx = Math.min(heightPx, topPx + MCU_PX);
    for (let leftPx = 0; leftPx < widthPx; leftPx += tileWidthPx) {
      tiles.push({ leftPx, topPx, rightPx: Math.min(widthPx, leftPx + tileWidthPx), bottomPx });
    }
  }
  return tiles;
}

/** How many coded units a tile of a picture so wide has. */
export function tileWidthMcus(widthPx: number): number {
  const mcus = Math.ceil(widthPx / MCU_PX);
  for (let width = LEAST_TILE_MCUS; width < mcus; width++) {
    if (mcus % width === 0) return width;
  }
  return mcus;
}
