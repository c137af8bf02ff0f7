import { bufferSize, compressSync, FORMAT_BGRX, SAMP_420 } from '@julusian/jpeg-turbo';
import { shrinkRows } from './box-filter.ts';
import { type FramePlanes, framePlanes, isKnownFormat, type KnownFormat, planeRows } from './frame-planes.ts';
import { joinStripes, pictureHeader, scanData } from './jpeg-stripes.ts';
import {
  type ColorSpace,
  conversionMatrix,
  createPixelKernel,
  PIXELS_PER_BLOCK,
  type PixelKernel,
} from './pixel-kernel.ts';

/** Rows of the result that are compared, and coded, together. Fewer find smaller changes but cost more for each. */
const STRIPE_HEIGHT_PX = 32;
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

interface Rows {
  readonly topPx: number;
  readonly bottomPx: number;
}

interface Stripe extends Rows {
  /** What the encoder writes to. */
  readonly output: Buffer;
  /** The stripe's coded data within `output`, or null before it was first coded. */
  coded: Uint8Array | null;
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
  readonly bgrx: Pixels;
  readonly bgrxStride: number;
  readonly stripes: readonly Stripe[];
  header: Uint8Array | null;
}

/**
 * Turns pictures of a screen into JPEGs at the price of what changed. A picture is compared with the last one as it
 * came (planar YUV as a rule, a tenth of the cost of a conversion to RGB); only stripes that differ are converted
 * and coded, and their data is joined with that of the others. The result is, bit for bit, what coding the whole
 * picture would give, restart markers aside. Not to be called again before the last call is done.
 */
export class StripeEncoder {
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
    const changed = canvas.stripes.filter((stripe) => !stripe.coded || differs(canvas, stripe));
    if (changed.length === 0) return null;
    const matrix = conversionMatrix(frame.colorSpace);
    for (const rows of joinNeighbours(changed)) {
      if (canvas.format !== 'I420') await copyRows(frame, canvas, rows);
      else convertRows(canvas, rows, matrix);
    }
    for (const stripe of changed) stripe.coded = this.#encodeStripe(canvas, stripe);
    [canvas.current, canvas.previous] = [canvas.previous, canvas.current];
    const { widthPx, heightPx, header } = canvas;
    if (!header) throw new Error('no stripe was coded');
    const jpeg = joinStripes(
      header,
      canvas.stripes.map((stripe) => stripe.coded ?? new Uint8Array()),
    );
    return { widthPx, heightPx, jpeg };
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
    this.#canvas = createCanvas(shape);
    return this.#canvas;
  }

  /** Synchronous: a stripe takes a tenth of a millisecond, and a change of threads not much less. */
  #encodeStripe(canvas: Canvas, { topPx, bottomPx, output }: Stripe): Uint8Array {
    const { widthPx, heightPx, bgrx, bgrxStride } = canvas;
    const jpeg = compressSync(bgrx.bytes.subarray(topPx * bgrxStride, bottomPx * bgrxStride), output, {
      format: FORMAT_BGRX,
      width: widthPx,
      height: bottomPx - topPx,
      stride: bgrxStride / BYTES_PER_PIXEL,
      subsampling: SAMP_420,
      quality: this.#quality,
    });
    canvas.header ??= pictureHeader(jpeg, { widthPx, heightPx, stripeHeightPx: STRIPE_HEIGHT_PX });
    return scanData(jpeg);
  }
}

function createCanvas(shape: Shape): Canvas {
  const { sourceWidthPx, sourceHeightPx, format, shrink } = shape;
  const widthPx = Math.max(1, Math.floor(sourceWidthPx / shrink));
  const heightPx = Math.max(1, Math.floor(sourceHeightPx / shrink));
  const sourcePlanes = framePlanes(format, sourceWidthPx, sourceHeightPx);
  const planes = framePlanes(format, widthPx, heightPx);
  const bgrxStride = Math.ceil(widthPx / PIXELS_PER_BLOCK) * PIXELS_PER_BLOCK * BYTES_PER_PIXEL;

  const sizes = [
    sourcePlanes.byteLength,
    sourcePlanes.byteLength,
    bgrxStride * heightPx,
    shrink === 1 ? 0 : planes.byteLength,
  ];
  const kernel = createPixelKernel(sizes.reduce((sum, size) => sum + size, 0));
  let end = 0;
  const [current, previous, bgrx, shrunk] = sizes.map((size) => {
    const start = end;
    end += size;
    return { start, bytes: Buffer.from(kernel.memory, start, size) };
  }) as [Pixels, Pixels, Pixels, Pixels];

  const stripes: Stripe[] = [];
  for (let topPx = 0; topPx < heightPx; topPx += STRIPE_HEIGHT_PX) {
    const bottomPx = Math.min(heightPx, topPx + STRIPE_HEIGHT_PX);
    const bytes = bufferSize({ width: widthPx, height: bottomPx - topPx, subsampling: SAMP_420 });
    stripes.push({ topPx, bottomPx, output: Buffer.allocUnsafeSlow(bytes), coded: null });
  }
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
    stripes,
    header: null,
  };
}

function differs(canvas: Canvas, stripe: Stripe): boolean {
  const { current, previous, shrink, sourcePlanes } = canvas;
  // What is left over below the last whole block belongs to the last stripe.
  const isLast = stripe.bottomPx === canvas.heightPx;
  const bottomPx = isLast ? canvas.sourceHeightPx : stripe.bottomPx * shrink;
  return sourcePlanes.planes.some((plane) => {
    const { top, bottom } = planeRows(plane, stripe.topPx * shrink, bottomPx);
    const start = plane.offset + top * plane.stride;
    const end = plane.offset + bottom * plane.stride;
    return current.bytes.compare(previous.bytes, start, end, start, end) !== 0;
  });
}

/** The rows that the stripes cover together, from the top. */
function joinNeighbours(stripes: readonly Stripe[]): Rows[] {
  const runs: Rows[] = [];
  for (const { topPx, bottomPx } of stripes) {
    const last = runs.at(-1);
    if (last?.bottomPx === topPx) runs[runs.length - 1] = { topPx: last.topPx, bottomPx };
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

/** Converts rows of an I420 picture to BGRX, made smaller first if that is wanted. */
function convertRows(canvas: Canvas, rows: Rows, matrix: readonly number[]): void {
  if (canvas.shrunk) shrinkPicture(canvas, canvas.shrunk, rows);
  const { start } = canvas.shrunk ?? canvas.current;
  const [luma, u, v] = canvas.planes.planes;
  if (!luma || !u || !v) throw new Error('an I420 picture has three planes');
  const blocks = Math.ceil(canvas.widthPx / PIXELS_PER_BLOCK);
  for (let row = rows.topPx; row < rows.bottomPx; row++) {
    const chromaRow = row >> 1;
    canvas.kernel.convertRow(
      start + luma.offset + row * luma.stride,
      start + u.offset + chromaRow * u.stride,
      start + v.offset + chromaRow * v.stride,
      canvas.bgrx.start + row * canvas.bgrxStride,
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
