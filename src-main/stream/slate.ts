import { inflateRawSync } from 'node:zlib';
import { bufferSize, compress, FORMAT_RGBX, SAMP_420 } from '@julusian/jpeg-turbo';
import type { FrameSize } from '#shared/presets';
import {
  SLATE_FONT_CHARACTERS,
  SLATE_FONT_COVERAGE,
  SLATE_FONT_HEIGHT_PX,
  SLATE_FONT_WIDTHS_PX,
} from './slate-font.ts';

const BACKGROUND = 0x18;
const FOREGROUND = 0xe8;
const QUALITY = 85;
/** Letters are this part of the frame's height, within the bounds that the font was drawn for. */
const LETTERS_PER_FRAME_HEIGHT = 22;
const MIN_LETTER_PX = 14;
const LINE_SPACING = 1.25;
/** Of the frame's width; the rest is margin. */
const TEXT_WIDTH = 0.86;
/** A slate or two per capture are in use at a time; more are kept than any sensible number of captures needs. */
const MAX_KEPT_SLATES = 16;

interface Glyph {
  readonly widthPx: number;
  /** One byte a pixel, row by row. */
  readonly coverage: Uint8Array;
}

let glyphs: ReadonlyMap<string, Glyph> | null = null;
const keptSlates = new Map<string, Promise<Buffer>>();

/**
 * A JPEG of `size` that says `text`, to be shown in place of a picture that cannot be had. Characters that the
 * slate font lacks show as `?`. The bytes are shared between callers.
 */
export function renderSlate(text: string, size: FrameSize): Promise<Buffer> {
  const key = `${size.widthPx}x${size.heightPx} ${text}`;
  const kept = keptSlates.get(key);
  if (kept) return kept;
  const slate = paint(text, size);
  slate.catch(() => keptSlates.delete(key));
  keptSlates.set(key, slate);
  for (const oldest of keptSlates.keys()) {
    if (keptSlates.size <= MAX_KEPT_SLATES) break;
    keptSlates.delete(oldest);
  }
  return slate;
}

async function paint(text: string, { widthPx, heightPx }: FrameSize): Promise<Buffer> {
  const letterPx = Math.max(MIN_LETTER_PX, Math.round(heightPx / LETTERS_PER_FRAME_HEIGHT));
  const scale = letterPx / SLATE_FONT_HEIGHT_PX;
  const lines = wrap(text, (widthPx * TEXT_WIDTH) / scale);
  const linePx = Math.round(letterPx * LINE_SPACING);
  const gray = new Uint8Array(widthPx * heightPx).fill(BACKGROUND);
  const top = Math.round((heightPx - lines.length * linePx) / 2);
  lines.forEach((line, index) => {
    const left = (widthPx - measure(line) * scale) / 2;
    drawLine(gray, { widthPx, heightPx }, line, left, top + index * linePx, scale);
  });
  // Encoded in colour like every other picture: players do not take a stream well that changes between the two.
  const pixels = new Uint32Array(gray.length);
  for (let index = 0; index < gray.length; index++) pixels[index] = (gray[index] ?? 0) * 0x010101;
  const options = { width: widthPx, height: heightPx, subsampling: SAMP_420 };
  const jpeg = await compress(Buffer.from(pixels.buffer), Buffer.allocUnsafe(bufferSize(options)), {
    ...options,
    format: FORMAT_RGBX,
    quality: QUALITY,
  });
  return Buffer.from(jpeg);
}

/** Breaks `text` between words so that no line is wider than `maxWidthPx` in the font's own pixels. */
function wrap(text: string, maxWidthPx: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const longer = `${last} ${word}`;
    if (last !== undefined && measure(longer) <= maxWidthPx) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

function measure(line: string): number {
  return [...line].reduce((width, character) => width + glyphOf(character).widthPx, 0);
}

function drawLine(
  gray: Uint8Array,
  frame: FrameSize,
  line: string,
  left: number,
  top: number,
  scale: number,
): void {
  let penPx = left;
  for (const character of line) {
    const glyph = glyphOf(character);
    drawGlyph(gray, frame, glyph, Math.round(penPx), top, scale);
    penPx += glyph.widthPx * scale;
  }
}

/** Draws a glyph at another size than the font's: each pixel gets the mean of what it covers. */
function drawGlyph(
  gray: Uint8Array,
  frame: FrameSize,
  glyph: Glyph,
  left: number,
  top: number,
  scale: number,
): void {
  const widthPx = Math.ceil(glyph.widthPx * scale);
  const heightPx = Math.ceil(SLATE_FONT_HEIGHT_PX * scale);
  for (let y = Math.max(0, -top); y < heightPx && top + y < frame.heightPx; y++) {
    for (let x = Math.max(0, -left); x < widthPx && left + x < frame.widthPx; x++) {
      const coverage = meanCoverage(glyph, x / scale, y / scale, 1 / scale);
      const index = (top + y) * frame.widthPx + left + x;
      const under = gray[index] ?? BACKGROUND;
      gray[index] = Math.round(under + ((FOREGROUND - under) * coverage) / 255);
    }
  }
}

function meanCoverage(glyph: Glyph, left: number, top: number, sidePx: number): number {
  let sum = 0;
  let area = 0;
  for (let y = Math.floor(top); y < Math.min(top + sidePx, SLATE_FONT_HEIGHT_PX); y++) {
    const heightPx = Math.min(y + 1, top + sidePx) - Math.max(y, top);
    for (let x = Math.floor(left); x < Math.min(left + sidePx, glyph.widthPx); x++) {
      const part = heightPx * (Math.min(x + 1, left + sidePx) - Math.max(x, left));
      sum += part * (glyph.coverage[y * glyph.widthPx + x] ?? 0);
      area += part;
    }
  }
  return area === 0 ? 0 : sum / area;
}

function glyphOf(character: string): Glyph {
  glyphs ??= readFont();
  const glyph = glyphs.get(character) ?? glyphs.get('?');
  if (!glyph) throw new Error('the slate font has no question mark');
  return glyph;
}

function readFont(): ReadonlyMap<string, Glyph> {
  const nibbles = inflateRawSync(Buffer.from(SLATE_FONT_COVERAGE, 'base64'));
  let pixel = 0;
  return new Map(
    [...SLATE_FONT_CHARACTERS].map((character, index) => {
      const widthPx = SLATE_FONT_WIDTHS_PX[index] ?? 0;
      const coverage = Uint8Array.from({ length: widthPx * SLATE_FONT_HEIGHT_PX }, () => {
        const byte = nibbles[pixel >> 1] ?? 0;
        const level = pixel % 2 === 0 ? byte >> 4 : byte & 0xf;
        pixel += 1;
        return level * 17;
      });
      return [character, { widthPx, coverage }];
    }),
  );
}
