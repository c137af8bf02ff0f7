import type { IncomingHttpHeaders } from 'node:http';
import type { FrameSize } from '#shared/presets';

// RFC 2046 section 5.1.1 lets a boundary begin with dashes, but some players then count the dashes wrong.
const BOUNDARY = 'porthole';
const PARTS_TYPE = `multipart/x-mixed-replace; boundary=${BOUNDARY}`;
const BYTES_TYPE = 'application/octet-stream';
const TYPE_LINE = 'Content-Type: image/jpeg\r\n';

/** What is said about a picture before it. */
export interface PartFacts {
  readonly bytes: number;
  /** When it was taken: seconds since the epoch with six decimals, as ustreamer and others write it. */
  readonly timestamp: string;
  readonly sequence: number;
  /** The size of the whole picture, if this is the same in small. */
  readonly whole: FrameSize | null;
}

/** What goes between the pictures of a stream, all of it together being `multipart/x-mixed-replace`. */
export interface PartFraming {
  /** What the answer says that it is. */
  readonly type: string;
  /** Comes before everything else. */
  readonly preamble: Buffer;
  /** Comes right before a picture. */
  head(facts: PartFacts): Buffer;
  /** Comes right after a picture, before anybody knows what the next will be. */
  readonly tail: Buffer;
  /** Comes after the tail of the last picture, or after the preamble if there was none. */
  readonly end: Buffer;
  /** Whether the last picture has to come twice for the player to show it. */
  readonly needsRepeat: boolean;
  /** A picture does not begin sooner than so long after the last; a newer one may have taken its place by then. */
  readonly leastGapMs: number;
}

/** Each part has its length, time and number. For players that wait for the next part the last picture is repeated. */
export const STANDARD_FRAMING: PartFraming = {
  type: PARTS_TYPE,
  preamble: Buffer.from(`--${BOUNDARY}`),
  head: ({ bytes, timestamp, sequence, whole }) => {
    const size = whole ? `X-Whole-Size: ${whole.widthPx}x${whole.heightPx}\r\n` : '';
    return Buffer.from(
      `\r\n${TYPE_LINE}Content-Length: ${bytes}\r\nX-Timestamp: ${timestamp}\r\n${size}X-Sequence: ${sequence}\r\n\r\n`,
      'latin1',
    );
  },
  tail: Buffer.from(`\r\n--${BOUNDARY}`),
  end: Buffer.from('--\r\n'),
  needsRepeat: true,
  leastGapMs: 0,
};

/**
 * Firefox shows a part only when it has the whole line that ends it, Chromium when it has all headers of the next. Of
 * those they use none but the type, so the next part is begun with that alone, and each picture shows as soon as it is
 * there. Where that happens in Chromium:
 * https://source.chromium.org/chromium/chromium/src/+/main:third_party/blink/renderer/core/loader/resource/multipart_image_resource_parser.cc
 */
export const BROWSER_FRAMING: PartFraming = {
  type: PARTS_TYPE,
  preamble: Buffer.from(`--${BOUNDARY}\r\n${TYPE_LINE}\r\n`),
  head: () => Buffer.alloc(0),
  tail: Buffer.from(`\r\n--${BOUNDARY}\r\n${TYPE_LINE}\r\n`),
  end: Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
  needsRepeat: false,
  leastGapMs: 0,
};

/**
 * The same parts by the name of plain bytes, for a page that takes them apart itself: WebKit does that with multipart
 * answers before any page can read them, and hands on the bare pictures.
 */
export const BYTES_FRAMING: PartFraming = { ...STANDARD_FRAMING, type: BYTES_TYPE, needsRepeat: false };

/**
 * Firefox paints every picture that has come, one after another: what is too fast for it piles up, and the longer
 * something moves the older is what it shows. At 30 per second it keeps up even without a graphics card.
 */
export const FIREFOX_FRAMING: PartFraming = { ...BROWSER_FRAMING, leastGapMs: 30 };

/** What a stream for whoever sent these headers says that it is, boundary included. */
export function streamTypeFor(headers: IncomingHttpHeaders): string {
  return framingFor(headers).type;
}

/**
 * The framing for whoever sent these headers. A script in a browser, which accepts anything, takes the parts apart
 * itself and is to get their headers.
 */
export function framingFor({
  'user-agent': userAgent = '',
  accept = '*/*',
}: IncomingHttpHeaders): PartFraming {
  if (accept === BYTES_TYPE) return BYTES_FRAMING;
  if (accept === '*/*') return STANDARD_FRAMING;
  if (userAgent.includes('Firefox/')) return FIREFOX_FRAMING;
  return /Chrom(e|ium)\//.test(userAgent) ? BROWSER_FRAMING : STANDARD_FRAMING;
}
