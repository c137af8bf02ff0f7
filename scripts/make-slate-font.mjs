// @ts-check
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';

// Run by hand when the letters of slates are to change; needs ImageMagick and the DejaVu fonts, whose license
// allows what is made of them to be shipped with any software.

const POINT_SIZE = 40;
const FONT = process.argv[2] ?? '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf';
const PRINTABLE_ASCII = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)).join('');
const CHARACTERS = `${PRINTABLE_ASCII}…’“”–`;

const glyphs = [...CHARACTERS].map((character) => {
  // A bar on either side keeps ImageMagick from trimming a space; the bars' own width is taken off again.
  const padded = rasterize(`|${character}|`);
  const bars = rasterize('||');
  const bar = rasterize('|');
  const widthPx = padded.widthPx - bars.widthPx;
  const rows = [];
  for (let y = 0; y < padded.heightPx; y++) {
    const from = y * padded.widthPx + bar.widthPx;
    rows.push(padded.pixels.subarray(from, from + widthPx));
  }
  return { widthPx, heightPx: padded.heightPx, pixels: Buffer.concat(rows) };
});
const heightPx = glyphs[0]?.heightPx ?? 0;
const alpha = Buffer.concat(glyphs.map((glyph) => glyph.pixels));
const nibbles = Buffer.alloc(Math.ceil(alpha.length / 2));
alpha.forEach((value, index) => {
  nibbles[index >> 1] = (nibbles[index >> 1] ?? 0) | (Math.round(value / 17) << (index % 2 === 0 ? 4 : 0));
});

writeFileSync(
  new URL('../src-main/stream/slate-font.ts', import.meta.url),
  `// Made by scripts/make-slate-font.mjs from DejaVu Sans; not to be edited.

/** The characters that a slate can show, in the order of {@link SLATE_FONT_WIDTHS_PX}. */
export const SLATE_FONT_CHARACTERS =
  ${JSON.stringify(CHARACTERS).replaceAll('“', '\\u201c').replaceAll('”', '\\u201d')};

/** Height of every glyph in pixels. */
export const SLATE_FONT_HEIGHT_PX = ${heightPx};

/** Width of each glyph in pixels: how far the next one begins to its right. */
export const SLATE_FONT_WIDTHS_PX: readonly number[] = ${JSON.stringify(glyphs.map((glyph) => glyph.widthPx))};

/** Coverage of all pixels, glyph by glyph and row by row, 4 bits each, high bits first; deflated, as base64. */
export const SLATE_FONT_COVERAGE =
  '${deflateRawSync(nibbles, { level: 9 }).toString('base64')}';
`,
);
execFileSync('npx', ['biome', 'format', '--write', 'src-main/stream/slate-font.ts'], { stdio: 'inherit' });

/**
 * @param {string} text
 * @returns {{ widthPx: number, heightPx: number, pixels: Buffer }}
 */
function rasterize(text) {
  const label = `label:${text.replaceAll('\\', '\\\\').replaceAll('%', '%%')}`;
  const pgm = execFileSync('/usr/bin/convert', [
    ...['-background', 'black', '-fill', 'white', '-font', FONT, '-pointsize', String(POINT_SIZE)],
    ...[label, '-colorspace', 'Gray', '-depth', '8', 'pgm:-'],
  ]);
  const header = /^P5\s+(\d+)\s+(\d+)\s+255\s/.exec(pgm.subarray(0, 40).toString('latin1'));
  if (!header) throw new Error(`ImageMagick drew no picture of ${JSON.stringify(text)}`);
  return { widthPx: Number(header[1]), heightPx: Number(header[2]), pixels: pgm.subarray(header[0].length) };
}
