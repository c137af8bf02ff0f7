import { bufferSize, compressSync, type EncodeOptions, FORMAT_BGRX, SAMP_420 } from '@julusian/jpeg-turbo';
import type { FrameSize } from '#shared/presets';
import { shrinkRows } from './box-filter.ts';
import {
  type FramePlanes,
  framePlanes,
  isKnownFormat,
  type KnownFormat,
  planeColumns,
  planeRows,
} from './frame-planes.ts';
import { closeTile, joinTiles, pictureHeader } from './jpeg-tiles.ts';
import {
  type ColorSpace,
  conversionMatrix,
  createPixelKernel,
  PIXELS_PER_BLOCK,
  type PixelKernel,
} from './pixel-kernel.ts';
import { divideIntoTiles, type Tile } from './tile-grid.ts';

const BYTES_PER_PIXEL = 4;

/** The part of a WebCodecs `VideoFrame` that is needed here. */
export interface PixelSource {
  readonly format: string | null;
  readonly colorSpace: ColorSpace;
  readonly visibleRect: Pick<DOMRectReadOnly, 'width' | 'height'> | null;
  copyTo(destination: Uint8Array, options: VideoFrameCopyToOptions): Promise<unknown>;
}

/** One picture, coded. `jpeg` belongs to the receiver. */
export interface EncodedPicture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/** A picture in the kernel's memory. */
interface Pixels {
  readonly start: number;
  readonly bytes: Buffer;
}

type Rows = Pick<Tile, 'topPx' | 'bottomPx'>;

/** A rectangle of a plane, by its offset in the picture's memory; `width` counts bytes, a multiple of 8. */
interface PlaneRegion {
  readonly offset: number;
  readonly stride: number;
  readonly width: number;
  readonly rows: number;
}

interface CodedTile extends Tile {
  readonly index: number;
  /** What the tile is made of, in the picture as it comes. */
  readonly regions: readonly PlaneRegion[];
  /** The tile's pixels in BGRX, and what else the encoder is to know of them. */
  readonly pixels: Buffer;
  readonly options: EncodeOptions;
  /** What the encoder writes to. */
  readonly output: Buffer;
  /** What the picture holds of this tile, within `output`, or null before it was first coded. */
  data: Uint8Array | null;
}

/** What pictures have in common that can be compared. */
interface Shape {
  readonly sourceWidthPx: number;
  readonly sourceHeightPx: number;
  readonly format: KnownFormat;
  readonly shrink: number;
}

/** What is kept between pictures of one shape. */
interface Canvas extends Shape {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly kernel: PixelKernel;
  readonly sourcePlanes: FramePlanes;
  /** The newest picture and the last coded one, as they came; they change places. */
  current: Pixels;
  previous: Pixels;
  /** The picture in the size of the result: `current` itself, if that is it. */
  readonly planes: FramePlanes;
  readonly shrunk: Pixels | null;
  /** The picture in BGRX if it comes from Chromium so, else room for one tile. */
  readonly bgrx: Pixels;
  readonly bgrxStride: number;
  readonly tiles: readonly CodedTile[];
  header: Uint8Array | null;
}

/**
 * Turns pictures of a screen into JPEGs at the price of what changed. A picture is compared with the last one as it
 * came (planar YUV as a rule, a tenth of the cost of a conversion to RGB); only tiles that differ are converted
 * and coded, and their data is joined with that of the others. The result is, bit for bit, what coding the whole
 * picture would give, restart markers aside. Not to be called again before the last call is done.
 */
export class TileEncoder {
  readonly #quality: number;
  #canvas: Canvas | null = null;

  /** `quality` is libjpeg's, 1 to 100; chroma is subsampled 4:2:0. */
  constructor(quality: number) {
    this.#quality = quality;
  }

  /**
   * The coded picture, or null if it looks exactly like the last. An I420 picture is made smaller by the whole number
   * `shrink` first, each pixel being the mean of those it stands for. The caller closes `frame`.
   */
  async encode(frame: PixelSource, shrink: number): Promise<EncodedPicture | null> {
    const canvas = this.#prepare(frame, shrink);
    await frame.copyTo(canvas.current.bytes, {
      ...(frame.format === canvas.format ? {} : { format: canvas.format }),
      layout: [...canvas.sourcePlanes.planes],
    });
    const changed = canvas.tiles.filter((tile) => !tile.data || differs(canvas, tile));
    if (changed.length === 0) return null;
    for (const rows of rowsOf(changed)) {
      if (canvas.format !== 'I420') await copyRows(frame, canvas, rows);
      else if (canvas.shrunk) shrinkPicture(canvas, canvas.shrunk, rows);
    }
    const matrix = conversionMatrix(frame.colorSpace);
    for (const tile of changed) {
      if (canvas.format === 'I420') convertTile(canvas, tile, matrix);
      const jpeg = compressSync(tile.pixels, tile.output, tile.options);
      canvas.header ??= pictureHeader(jpeg, canvas);
      tile.data = closeTile(jpeg, tile.index, canvas.tiles.length);
    }
    [canvas.current, canvas.previous] = [canvas.previous, canvas.current];
    const { widthPx, heightPx, header } = canvas;
    if (!header) throw new Error('no tile was coded');
    return { widthPx, heightPx, jpeg: joinTiles(header, canvas.tiles.map(codedData)) };
  }

  #prepare(frame: PixelSource, shrink: number): Canvas {
    const shape: Shape = {
      sourceWidthPx: frame.visibleRect?.width ?? 0,
      sourceHeightPx: frame.visibleRect?.height ?? 0,
      format: isKnownFormat(frame.format) ? frame.format : 'BGRX',
      shrink: frame.format === 'I420' ? shrink : 1,
    };
    const kept = this.#canvas;
    const fits =
      kept?.sourceWidthPx === shape.sourceWidthPx &&
      kept.sourceHeightPx === shape.sourceHeightPx &&
      kept.format === shape.format &&
      kept.shrink === shape.shrink;
    if (kept && fits) return kept;
    this.#canvas = createCanvas(shape, this.#quality);
    return this.#canvas;
  }
}

function createCanvas(shape: Shape, quality: number): Canvas {
  const { sourceWidthPx, sourceHeightPx, format, shrink } = shape;
  const widthPx = Math.max(1, Math.floor(sourceWidthPx / shrink));
  const heightPx = Math.max(1, Math.floor(sourceHeightPx / shrink));
  const sourcePlanes = framePlanes(format, sourceWidthPx, sourceHeightPx);
  const planes = framePlanes(format, widthPx, heightPx);
  const grid = divideIntoTiles(widthPx, heightPx);
  // A tile that was converted is coded at once: the next may take its place, and the processor's cache holds it.
  const holdsOneTile = format === 'I420';
  const bgrxStride = alignToBlock(holdsOneTile ? (grid[0]?.rightPx ?? 0) : widthPx) * BYTES_PER_PIXEL;

  const sizes = [
    sourcePlanes.byteLength,
    sourcePlanes.byteLength,
    // The encoder wants whole rows of the last tile, though it begins in the middle of one.
    bgrxStride * (holdsOneTile ? (grid[0]?.bottomPx ?? 0) : heightPx + 1),
    shrink === 1 ? 0 : planes.byteLength,
  ];
  const kernel = createPixelKernel(sizes.reduce((sum, size) => sum + size, 0));
  let end = 0;
  const [current, previous, bgrx, shrunk] = sizes.map((size) => {
    const start = end;
    end += size;
    return { start, bytes: Buffer.from(kernel.memory, start, size) };
  }) as [Pixels, Pixels, Pixels, Pixels];

  const tiles = grid.map((tile, index): CodedTile => {
    const size = { width: tile.rightPx - tile.leftPx, height: tile.bottomPx - tile.topPx };
    const stride = bgrxStride / BYTES_PER_PIXEL;
    const options = { ...size, format: FORMAT_BGRX, stride, subsampling: SAMP_420, quality };
    const pixels = holdsOneTile
      ? bgrx.bytes
      : bgrx.bytes.subarray(tile.topPx * bgrxStride + tile.leftPx * BYTES_PER_PIXEL);
    return {
      ...tile,
      index,
      regions: sourceRegions(sourcePlanes, shape, tile, { widthPx, heightPx }),
      pixels,
      options,
      output: Buffer.allocUnsafeSlow(bufferSize({ ...size, subsampling: SAMP_420 })),
      data: null,
    };
  });
  return {
    ...shape,
    widthPx,
    heightPx,
    kernel,
    sourcePlanes,
    current,
    previous,
    planes,
    shrunk: shrink === 1 ? null : shrunk,
    bgrx,
    bgrxStride,
    tiles,
    header: null,
  };
}

function codedData({ data }: CodedTile): Uint8Array {
  if (!data) throw new Error('a tile was not coded');
  return data;
}

function alignToBlock(widthPx: number): number {
  return Math.ceil(widthPx / PIXELS_PER_BLOCK) * PIXELS_PER_BLOCK;
}

/** What a tile of the result is made of, in each plane of a picture as it comes. */
function sourceRegions(planes: FramePlanes, shape: Shape, tile: Tile, result: FrameSize): PlaneRegion[] {
  const { shrink, sourceWidthPx, sourceHeightPx } = shape;
  // What is left over beyond the last whole block belongs to the last tile.
  const rightPx = tile.rightPx === result.widthPx ? sourceWidthPx : tile.rightPx * shrink;
  const bottomPx = tile.bottomPx === result.heightPx ? sourceHeightPx : tile.bottomPx * shrink;
  return planes.planes.map((plane) => {
    const { top, bottom } = planeRows(plane, tile.topPx * shrink, bottomPx);
    const { left, right } = planeColumns(plane, tile.leftPx * shrink, rightPx);
    return {
      offset: plane.offset + top * plane.stride + left,
      stride: plane.stride,
      // Rows have room to the next multiple; what is there never changes.
      width: Math.ceil((right - left) / 8) * 8,
      rows: bottom - top,
    };
  });
}

function differs({ kernel, current, previous }: Canvas, { regions }: CodedTile): boolean {
  return regions.some(
    ({ offset, stride, width, rows }) =>
      kernel.differs(current.start + offset, previous.start + offset, stride, width, rows) !== 0,
  );
}

/** The rows that the tiles cover together, from the top. */
function rowsOf(tiles: readonly Tile[]): Rows[] {
  const runs: Rows[] = [];
  for (const { topPx, bottomPx } of tiles) {
    const last = runs.at(-1);
    if (last && last.bottomPx >= topPx) runs[runs.length - 1] = { topPx: last.topPx, bottomPx };
    else runs.push({ topPx, bottomPx });
  }
  return runs;
}

/** Has Chromium convert rows to BGRX: for the formats that come from a graphics card. */
async function copyRows(source: PixelSource, canvas: Canvas, { topPx, bottomPx }: Rows): Promise<void> {
  const { widthPx, bgrx, bgrxStride } = canvas;
  await source.copyTo(bgrx.bytes.subarray(topPx * bgrxStride, bottomPx * bgrxStride), {
    format: 'BGRX',
    rect: { x: 0, y: topPx, width: widthPx, height: bottomPx - topPx },
    layout: [{ offset: 0, stride: bgrxStride }],
  });
}

/** Converts a tile of an I420 picture to BGRX. */
function convertTile(canvas: Canvas, tile: Tile, matrix: readonly number[]): void {
  const { start } = canvas.shrunk ?? canvas.current;
  const [luma, u, v] = canvas.planes.planes;
  if (!luma || !u || !v) throw new Error('an I420 picture has three planes');
  const blocks = Math.ceil((tile.rightPx - tile.leftPx) / PIXELS_PER_BLOCK);
  const chromaLeft = tile.leftPx >> 1;
  for (let row = tile.topPx; row < tile.bottomPx; row++) {
    const chromaRow = row >> 1;
    canvas.kernel.convertRow(
      start + luma.offset + row * luma.stride + tile.leftPx,
      start + u.offset + chromaRow * u.stride + chromaLeft,
      start + v.offset + chromaRow * v.stride + chromaLeft,
      canvas.bgrx.start + (row - tile.topPx) * canvas.bgrxStride,
      blocks,
      ...matrix,
    );
  }
}

function shrinkPicture(canvas: Canvas, target: Pixels, { topPx, bottomPx }: Rows): void {
  const { memory } = canvas.kernel;
  canvas.planes.planes.forEach((plane, index) => {
    const sourcePlane = canvas.sourcePlanes.planes[index];
    if (!sourcePlane) throw new Error('the planes of a picture do not match');
    const { top, bottom } = planeRows(plane, topPx, bottomPx);
    const source = { memory, plane: sourcePlane, start: canvas.current.start };
    shrinkRows(source, { memory, plane, start: target.start }, canvas.shrink, top, bottom);
  });
}
