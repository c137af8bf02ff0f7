import { tileWidthMcus } from './tile-grid.ts';

// Markers of ITU-T T.81, table B.1.
const SOF0 = 0xc0;
const RST0 = 0xd0;
const SOS = 0xda;
const DRI = 0xdd;

/**
 * Everything before the coded data of a picture that is put together from tiles: the header of `tile`, which is one
 * tile coded as a baseline 4:2:0 JPEG of its own, with the whole picture's size and a restart interval of one tile
 * (T.81 sections B.2.2 and B.2.4.4).
 */
export function pictureHeader(
  tile: Uint8Array,
  { widthPx, heightPx }: { widthPx: number; heightPx: number },
): Uint8Array {
  const { frameHeader, scanHeader, scanData } = findSegments(tile);
  const restartInterval = tileWidthMcus(widthPx);
  const header = new Uint8Array(scanData + 6);
  header.set(tile.subarray(0, scanHeader));
  header.set([...twoBytes(heightPx), ...twoBytes(widthPx)], frameHeader + 5);
  header.set([0xff, DRI, 0, 4, ...twoBytes(restartInterval)], scanHeader);
  header.set(tile.subarray(scanHeader, scanData), scanHeader + 6);
  return header;
}

/**
 * Makes a part of a picture out of its tile number `index`, from 0, of `count`: `tile` is a JPEG with one scan and no
 * restart markers, whose end marker becomes the one that a picture has there. Answers its coded data with that marker,
 * in the same memory.
 */
export function closeTile(tile: Uint8Array, index: number, count: number): Uint8Array {
  // The last keeps the end marker that it has.
  if (index < count - 1) tile[tile.length - 1] = RST0 + (index % 8);
  return tile.subarray(findSegments(tile).scanData);
}

/**
 * One complete JPEG out of a {@link pictureHeader} and all tiles, {@link closeTile closed}, row by row. The coded data
 * of a tile does not depend on the others, because prediction begins anew after each restart marker.
 */
export function joinTiles(header: Uint8Array, tiles: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = header.length;
  for (const tile of tiles) length += tile.length;
  const jpeg = new Uint8Array(length);
  jpeg.set(header);
  let offset = header.length;
  for (const tile of tiles) {
    jpeg.set(tile, offset);
    offset += tile.length;
  }
  return jpeg;
}

function twoBytes(value: number): [high: number, low: number] {
  return [value >> 8, value & 0xff];
}

/** Offsets of the markers of the frame and scan headers, and of the first byte of coded data. */
function findSegments(jpeg: Uint8Array): { frameHeader: number; scanHeader: number; scanData: number } {
  let frameHeader = -1;
  let offset = 2;
  while (offset + 4 <= jpeg.length) {
    const marker = jpeg[offset + 1];
    const end = offset + 2 + (((jpeg[offset + 2] ?? 0) << 8) | (jpeg[offset + 3] ?? 0));
    if (marker === SOF0) frameHeader = offset;
    if (marker === SOS && frameHeader >= 0) return { frameHeader, scanHeader: offset, scanData: end };
    offset = end;
  }
  throw new Error('a tile is not a baseline JPEG');
}
