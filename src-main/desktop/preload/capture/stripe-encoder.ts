import { bufferSize, compressSync, FORMAT_BGRX, SAMP_420 } from '@julusian/jpeg-turbo';
import { isKnownFormat, stripeRanges } from './frame-planes.ts';
import { joinStripes, pictureHeader, scanData } from './jpeg-stripes.ts';

/** Rows that are compared, and coded, together. Fewer find smaller changes but cost more for each. */
const STRIPE_HEIGHT_PX = 64;
const BYTES_PER_PIXEL = 4;

/** The part of a WebCodecs `VideoFrame` that is needed here. */
export interface PixelSource {
  readonly format: string | null;
  readonly visibleRect: Pick<DOMRectReadOnly, 'width' | 'height'> | null;
  allocationSize(options?: VideoFrameCopyToOptions): number;
  copyTo(destination: Uint8Array, options?: VideoFrameCopyToOptions): Promise<PlaneLayout[]>;
}

/** One picture, coded. `jpeg` belongs to the receiver. */
export interface EncodedPicture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly jpeg: Uint8Array<ArrayBuffer>;
}

/** What is kept between two pictures of the same size and format. */
interface Picture {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly format: string;
  /** The newest picture and the last coded one, as they came; they change places. */
  current: Buffer;
  previous: Buffer;
  readonly bgrx: Buffer;
  readonly stripes: Stripe[];
  header: Uint8Array | null;
}

interface Stripe {
  readonly topPx: number;
  readonly bottomPx: number;
  /** What the encoder writes to. */
  readonly output: Buffer;
  /** The stripe's coded data within `output`, or null before it was first coded. */
  coded: Uint8Array | null;
}

/**
 * Turns pictures of a screen into JPEGs at the price of what changed. A picture is compared with the last one as it
 * came (planar YUV as a rule, a fifteenth of the cost of a conversion to RGB); only stripes that differ are
 * converted and coded, and their data is joined with that of the others. The result is, bit for bit, what coding
 * the whole picture would give, restart markers aside. Not to be called again before the last call is done.
 */
export class StripeEncoder {
  readonly #quality: number;
  #picture: Picture | null = null;

  /** `quality` is libjpeg's, 1 to 100; chroma is subsampled 4:2:0. */
  constructor(quality: number) {
    this.#quality = quality;
  }

  /** The coded picture, or null if it looks exactly like the last. The caller closes `frame`. */
  async encode(frame: PixelSource): Promise<EncodedPicture | null> {
    const picture = this.#prepare(frame);
    const copyOptions: VideoFrameCopyToOptions =
      frame.format === picture.format ? {} : { format: picture.format as VideoPixelFormat };
    const layout = await frame.copyTo(picture.current, copyOptions);
    const changed = picture.stripes.filter((stripe) => !stripe.coded || differs(picture, layout, stripe));
    if (changed.length === 0) return null;
    for (const [topPx, bottomPx] of joinNeighbours(changed)) await copyRows(frame, picture, topPx, bottomPx);
    for (const stripe of changed) this.#encodeStripe(picture, stripe);
    [picture.current, picture.previous] = [picture.previous, picture.current];
    const { widthPx, heightPx, header } = picture;
    if (!header) throw new Error('no stripe was coded');
    const jpeg = joinStripes(
      header,
      picture.stripes.map((stripe) => stripe.coded ?? new Uint8Array()),
    );
    return { widthPx, heightPx, jpeg };
  }

  #prepare(frame: PixelSource): Picture {
    const widthPx = frame.visibleRect?.width ?? 0;
    const heightPx = frame.visibleRect?.height ?? 0;
    // Frames that live on a graphics card have no format of their own.
    const format = isKnownFormat(frame.format) ? frame.format : 'BGRX';
    const kept = this.#picture;
    if (kept?.widthPx === widthPx && kept.heightPx === heightPx && kept.format === format) return kept;
    const size = frame.allocationSize(frame.format === format ? {} : { format: format as VideoPixelFormat });
    const stripes: Stripe[] = [];
    for (let topPx = 0; topPx < heightPx; topPx += STRIPE_HEIGHT_PX) {
      const bottomPx = Math.min(heightPx, topPx + STRIPE_HEIGHT_PX);
      const output = Buffer.allocUnsafeSlow(
        bufferSize({ width: widthPx, height: bottomPx - topPx, subsampling: SAMP_420 }),
      );
      stripes.push({ topPx, bottomPx, output, coded: null });
    }
    this.#picture = {
      widthPx,
      heightPx,
      format,
      current: Buffer.allocUnsafeSlow(size),
      previous: Buffer.allocUnsafeSlow(size),
      bgrx: Buffer.allocUnsafeSlow(widthPx * heightPx * BYTES_PER_PIXEL),
      stripes,
      header: null,
    };
    return this.#picture;
  }

  /** Synchronous: a stripe takes a tenth of a millisecond, a change of threads not much less. */
  #encodeStripe(picture: Picture, stripe: Stripe): void {
    const { widthPx, heightPx } = picture;
    const rowBytes = widthPx * BYTES_PER_PIXEL;
    const jpeg = compressSync(
      picture.bgrx.subarray(stripe.topPx * rowBytes, stripe.bottomPx * rowBytes),
      stripe.output,
      {
        format: FORMAT_BGRX,
        width: widthPx,
        height: stripe.bottomPx - stripe.topPx,
        subsampling: SAMP_420,
        quality: this.#quality,
      },
    );
    stripe.coded = scanData(jpeg);
    picture.header ??= pictureHeader(jpeg, { widthPx, heightPx, stripeHeightPx: STRIPE_HEIGHT_PX });
  }
}

function differs(picture: Picture, layout: readonly PlaneLayout[], { topPx, bottomPx }: Stripe): boolean {
  return stripeRanges(picture.format, layout, topPx, bottomPx).some(
    ({ start, end }) => picture.current.compare(picture.previous, start, end, start, end) !== 0,
  );
}

/** Runs of rows that the stripes cover together, from the top. */
function joinNeighbours(stripes: readonly Stripe[]): [topPx: number, bottomPx: number][] {
  const runs: [number, number][] = [];
  for (const { topPx, bottomPx } of stripes) {
    const last = runs.at(-1);
    if (last?.[1] === topPx) last[1] = bottomPx;
    else runs.push([topPx, bottomPx]);
  }
  return runs;
}

async function copyRows(
  frame: PixelSource,
  picture: Picture,
  topPx: number,
  bottomPx: number,
): Promise<void> {
  const stride = picture.widthPx * BYTES_PER_PIXEL;
  await frame.copyTo(picture.bgrx.subarray(topPx * stride, bottomPx * stride), {
    format: 'BGRX',
    rect: { x: 0, y: topPx, width: picture.widthPx, height: bottomPx - topPx },
    layout: [{ offset: 0, stride }],
  });
}
