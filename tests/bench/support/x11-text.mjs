// @ts-check
import { SeededRandom } from './seeded-random.mjs';
import { makeRequest, X11Connection } from './x11-connection.mjs';

const OPEN_FONT = 45;
const CREATE_GC = 55;
const CHANGE_GC = 56;
const IMAGE_TEXT_8 = 76;
const FOREGROUND = 0x4;
const BACKGROUND_AND_FONT = 0x4008;

/** A font that every X server has built in: 6 by 13 pixels. */
const FONT = 'fixed';
const LINE_PX = 13;
const CHARACTER_PX = 6;
const COLUMN_CHARACTERS = 160;
const LONGEST_LINE = 130;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789(){}[];:.,=+-*/<>!"#%&_';
const BACKGROUND = 0x101820;
const COLOURS = [0xd0d0d0, 0x80c0ff, 0xffb060, 0x90e090, 0xe080e0, 0xffff80, 0xff8080, 0x60e0e0];

/**
 * Fills the screen with small coloured text as an editor shows it, in two columns: words of different colours, lines of
 * different lengths and indents, some of them empty. Of what screens usually show it is the hardest to encode.
 * @param {string} display
 * @param {{ widthPx: number, heightPx: number }} screen
 * @returns {Promise<{ close: () => void }>} Once it can be seen.
 */
export async function showText(display, { widthPx, heightPx }) {
  const connection = new X11Connection(display);
  await connection.open();
  const windowId = connection.openWindow({ leftPx: 0, topPx: 0, widthPx, heightPx });
  const [fontId, gcId] = [connection.makeId(), connection.makeId()];
  const name = Buffer.from(FONT, 'latin1');
  const font = makeRequest(OPEN_FONT, 0, 12 + Math.ceil(name.length / 4) * 4);
  font.writeUInt32LE(fontId, 4);
  font.writeUInt16LE(name.length, 8);
  name.copy(font, 12);
  const gc = makeRequest(CREATE_GC, 0, 24);
  gc.writeUInt32LE(gcId, 4);
  gc.writeUInt32LE(windowId, 8);
  gc.writeUInt32LE(BACKGROUND_AND_FONT, 12);
  gc.writeUInt32LE(BACKGROUND, 16);
  gc.writeUInt32LE(fontId, 20);
  connection.send(font, gc);
  // A window that is not shown yet takes no drawing.
  await connection.settle();
  // The same text in every run.
  const random = new SeededRandom(1);
  const upTo = (/** @type {number} */ limit) => Math.floor(random.between(0, limit));
  for (let baselinePx = LINE_PX; baselinePx <= heightPx; baselinePx += LINE_PX) {
    for (let column = 0; column * COLUMN_CHARACTERS * CHARACTER_PX < widthPx; column++) {
      if (upTo(6) === 0) continue;
      const end = 20 + upTo(LONGEST_LINE - 20);
      for (let at = 2 * upTo(10); at < end; ) {
        const word = Buffer.from(
          Array.from({ length: 1 + upTo(9) }, () => random.pick([...ALPHABET])).join(''),
          'latin1',
        );
        const colour = makeRequest(CHANGE_GC, 0, 16);
        colour.writeUInt32LE(gcId, 4);
        colour.writeUInt32LE(FOREGROUND, 8);
        colour.writeUInt32LE(random.pick(COLOURS), 12);
        const draw = makeRequest(IMAGE_TEXT_8, word.length, 16 + Math.ceil(word.length / 4) * 4);
        draw.writeUInt32LE(windowId, 4);
        draw.writeUInt32LE(gcId, 8);
        draw.writeInt16LE((column * COLUMN_CHARACTERS + at) * CHARACTER_PX, 12);
        draw.writeInt16LE(baselinePx - 2, 14);
        word.copy(draw, 16);
        connection.send(colour, draw);
        at += word.length + 1;
      }
    }
  }
  await connection.settle();
  return { close: () => connection.close() };
}
