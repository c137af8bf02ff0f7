import { bufferSize, compressSync, FORMAT_BGRX, SAMP_420 } from '@julusian/jpeg-turbo';
import { shrinkRows } from './box-filter.ts';
import { type FramePlanes, framePlanes, isKnownFormat, type KnownFormat, planeRows } from './frame-planes.ts';
import { joinStripes, pictureHeader, scanData } from './jpeg-stripes.ts';

/** Rows of the result that are compared, and coded, together. Fewer find smaller changes but cost more for each. */
const STRIPE_HEIGHT_PX = 32;
const BYTES_PER_PIXEL = 4;

/** The part of a WebCodecs `VideoFrame` that is needed here. */
export interface PixelSource {
  readonly format: string | null;
  readonly colorSpace: VideoColorSpace;
  readonly visibleRect: Pick<DOMRectReadOnly, 'width' | 'height'> | null;
  copyTo(destination: Uint8Array, options: VideoFrameCopyToOptions): Promise<unknown>;
  close(): void;
}

/** Makes a frame of pixels; in a browser that is the constructor of `VideoFrame`. */
export type MakeFrame = (pixels: ArrayBuffer, init: VideoFrameBufferInit) => PixelSource;

/** One picture, coded. `jpeg` belongs to the receiver. */
export interface EncodedPicture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

interface Pixels {
  readonly planes: FramePlanes;
  readonly bytes: Buffer<ArrayBuffer>;
}

interface Stripe {
  readonly topPx: number;
  readonly bottomPx: number;
  /** What the encoder writes to. */
  readonly output: Buffer;
  /** The stripe's coded data within `output`, or null before it was first coded. */
  coded: Uint8Array | null;
}

/** What is kept between pictures of the same size and format. */
interface Canvas {
  readonly sourceWidthPx: number;
  readonly sourceHeightPx: number;
  readonly format: KnownFormat;
  readonly shrink: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** The newest picture and the last coded one, as they came; they change places. */
  current: Pixels;
  previous: Pixels;
  readonly shrunk: Pixels | null;
  readonly bgrx: Buffer;
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
  readonly #makeFrame: MakeFrame;
  #canvas: Canvas | null = null;

  /** `quality` is libjpeg's, 1 to 100; chroma is subsampled 4:2:0. */
  constructor(quality: number, makeFrame: MakeFrame) {
    this.#quality = quality;
    this.#makeFrame = makeFrame;
  }

  /**
   * The coded picture, or null if it looks exactly like the last. An I420 picture is made smaller by the whole number
   * `shrink` first, each pixel being the mean of those it stands for. The caller closes `frame`.
   */
  async encode(frame: PixelSource, shrink: number): Promise<EncodedPicture | null> {
    const canvas = this.#prepare(frame, shrink);
    await frame.copyTo(canvas.current.bytes, {
      ...(frame.format === canvas.format ? {} : { format: canvas.format }),
      layout: [...canvas.current.planes.planes],
    });
    const changed = canvas.stripes.filter((stripe) => !stripe.coded || differs(canvas, stripe));
    if (changed.length === 0) return null;
    const runs = joinNeighbours(changed);
    const source = canvas.shrunk ? this.#shrink(canvas, canvas.shrunk, runs, frame.colorSpace) : frame;
    try {
      for (const run of runs) await copyRows(source, canvas, run);
    } finally {
      if (source !== frame) source.close();
    }
    for (const stripe of changed) this.#encodeStripe(canvas, stripe);
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
    const wanted = {
      sourceWidthPx: frame.visibleRect?.width ?? 0,
      sourceHeightPx: frame.visibleRect?.height ?? 0,
      format: isKnownFormat(frame.format) ? frame.format : ('BGRX' as const),
      shrink: frame.format === 'I420' ? shrink : 1,
    };
    const kept = this.#canvas;
    const fits =
      kept?.sourceWidthPx === wanted.sourceWidthPx &&
      kept.sourceHeightPx === wanted.sourceHeightPx &&
      kept.format === wanted.format &&
      kept.shrink === wanted.shrink;
    if (!fits) this.#canvas = createCanvas(wanted);
    return this.#canvas as Canvas;
  }

  #shrink(canvas: Canvas, target: Pixels, runs: readonly Run[], colorSpace: VideoColorSpace): PixelSource {
    target.planes.planes.forEach((plane, index) => {
      const sourcePlane = canvas.current.planes.planes[index];
      if (!sourcePlane) throw new Error('the planes of a picture do not match');
      for (const { topPx, bottomPx } of runs) {
        const { top, bottom } = planeRows(plane, topPx, bottomPx);
        shrinkRows(
          { memory: canvas.current.bytes.buffer, plane: sourcePlane },
          { memory: target.bytes.buffer, plane },
          canvas.shrink,
          top,
          bottom,
        );
      }
    });
    return this.#makeFrame(target.bytes.buffer, {
      format: canvas.format,
      codedWidth: canvas.widthPx,
      codedHeight: canvas.heightPx,
      layout: [...target.planes.planes],
      timestamp: 0,
      colorSpace: colorSpace.toJSON(),
    });
  }

  /** Synchronous: a stripe takes a tenth of a millisecond, and a change of threads not much less. */
  #encodeStripe(canvas: Canvas, stripe: Stripe): void {
    const { widthPx, heightPx } = canvas;
    const rowBytes = widthPx * BYTES_PER_PIXEL;
    const rows = canvas.bgrx.subarray(stripe.topPx * rowBytes, stripe.bottomPx * rowBytes);
    const jpeg = compressSync(rows, stripe.output, {
      format: FORMAT_BGRX,
      width: widthPx,
      height: stripe.bottomPx - stripe.topPx,
      subsampling: SAMP_420,
      quality: this.#quality,
    });
    stripe.coded = scanData(jpeg);
    canvas.header ??= pictureHeader(jpeg, { widthPx, heightPx, stripeHeightPx: STRIPE_HEIGHT_PX });
  }
}

function createCanvas(
  wanted: Pick<Canvas, 'sourceWidthPx' | 'sourceHeightPx' | 'format' | 'shrink'>,
): Canvas {
  const { sourceWidthPx, sourceHeightPx, format, shrink } = wanted;
  const widthPx = Math.max(1, Math.floor(sourceWidthPx / shrink));
  const heightPx = Math.max(1, Math.floor(sourceHeightPx / shrink));
  const stripes: Stripe[] = [];
  for (let topPx = 0; topPx < heightPx; topPx += STRIPE_HEIGHT_PX) {
    const bottomPx = Math.min(heightPx, topPx + STRIPE_HEIGHT_PX);
    const bytes = bufferSize({ width: widthPx, height: bottomPx - topPx, subsampling: SAMP_420 });
    stripes.push({ topPx, bottomPx, output: Buffer.allocUnsafeSlow(bytes), coded: null });
  }
  return {
    ...wanted,
    widthPx,
    heightPx,
    current: createPixels(format, sourceWidthPx, sourceHeightPx),
    previous: createPixels(format, sourceWidthPx, sourceHeightPx),
    shrunk: shrink === 1 ? null : createPixels(format, widthPx, heightPx),
    bgrx: Buffer.allocUnsafeSlow(widthPx * heightPx * BYTES_PER_PIXEL),
    stripes,
    header: null,
  };
}

/** Zeroed, so that what lies between rows compares equal. */
function createPixels(format: KnownFormat, widthPx: number, heightPx: number): Pixels {
  const planes = framePlanes(format, widthPx, heightPx);
  return { planes, bytes: Buffer.from(new ArrayBuffer(planes.byteLength)) };
}

function differs(canvas: Canvas, stripe: Stripe): boolean {
  const { current, previous, shrink } = canvas;
  // What is left over below the last whole block belongs to the last stripe.
  const isLast = stripe.bottomPx === canvas.heightPx;
  const bottomPx = isLast ? canvas.sourceHeightPx : stripe.bottomPx * shrink;
  return current.planes.planes.some((plane) => {
    const { top, bottom } = planeRows(plane, stripe.topPx * shrink, bottomPx);
    const start = plane.offset + top * plane.stride;
    const end = plane.offset + bottom * plane.stride;
    return current.bytes.compare(previous.bytes, start, end, start, end) !== 0;
  });
}

interface Run {
  readonly topPx: number;
  readonly bottomPx: number;
}

/** The rows that the stripes cover together, from the top. */
function joinNeighbours(stripes: readonly Stripe[]): Run[] {
  const runs: Run[] = [];
  for (const { topPx, bottomPx } of stripes) {
    const last = runs.at(-1);
    if (last?.bottomPx === topPx) runs[runs.length - 1] = { topPx: last.topPx, bottomPx };
    else runs.push({ topPx, bottomPx });
  }
  return runs;
}

async function copyRows(source: PixelSource, canvas: Canvas, { topPx, bottomPx }: Run): Promise<void> {
  const stride = canvas.widthPx * BYTES_PER_PIXEL;
  await source.copyTo(canvas.bgrx.subarray(topPx * stride, bottomPx * stride), {
    format: 'BGRX',
    rect: { x: 0, y: topPx, width: canvas.widthPx, height: bottomPx - topPx },
    layout: [{ offset: 0, stride }],
  });
}
