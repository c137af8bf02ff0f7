// @ts-check
import jpegTurbo from '@julusian/jpeg-turbo';
import { X11Painter } from '../bench/support/x11-painter.mjs';

/** Bright enough that no slate has such a colour, and far enough apart that no encoder takes one for another. */
const LEVELS = [80, 120, 160, 200, 240];
const TOLERANCE = 14;
const COLOURS = LEVELS.length ** 3;

/** A colour stays for so long. All are used in turn, so that for 15 s each says when it was painted. */
export const PAINT_MS = 125;

/**
 * What a picture proves: it shows the screen as it was from `fromMs` to `untilMs`, which is `null` while it still looks
 * so. On the clock of `performance.now()`.
 * @typedef {{ fromMs: number, untilMs: number | null }} Sight
 */

/** Paints the screen's middle in one colour after another, and tells from a picture of it when that was taken. */
export class MarkerClock {
  #painter;
  #screen;
  /** @type {{ index: number, atMs: number }[]} Oldest first. */
  #painted = [];
  #count = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {string} display
   * @param {{ widthPx: number, heightPx: number }} screen
   */
  constructor(display, screen) {
    this.#screen = screen;
    this.#painter = new X11Painter(display, screen);
  }

  /** Paints from now on; resolves with the first colour on the screen. */
  async start() {
    await this.#painter.open();
    await this.#paint();
    this.#timer = setInterval(() => void this.#paint(), PAINT_MS);
  }

  stop() {
    clearInterval(this.#timer);
    this.#painter.close();
  }

  /**
   * When the screen looked like this picture; null for what is no picture of it, such as a slate.
   * @param {Buffer} jpeg
   * @returns {Sight | null}
   */
  read(jpeg) {
    const { data, width, height } = jpegTurbo.decompressSync(jpeg, { format: jpegTurbo.FORMAT_RGBX });
    // Beside the middle, where the pointer is.
    const aside = Math.round((X11Painter.SIDE_PX / 4) * (width / this.#screen.widthPx));
    const offset = (Math.floor(height / 2 - aside) * width + Math.floor(width / 2 - aside)) * 4;
    const index = indexOfColour(data[offset] ?? 0, data[offset + 1] ?? 0, data[offset + 2] ?? 0);
    const place = this.#painted.findLastIndex((paint) => paint.index === index);
    const found = this.#painted[place];
    return found ? { fromMs: found.atMs, untilMs: this.#painted[place + 1]?.atMs ?? null } : null;
  }

  async #paint() {
    const index = this.#count % COLOURS;
    this.#count += 1;
    this.#painted.push({ index, atMs: performance.now() });
    if (this.#painted.length > COLOURS - 1) this.#painted.shift();
    await this.#painter.fill(colourOf(index));
  }
}

/**
 * One of 125 colours, as 0xRRGGBB.
 * @param {number} index
 * @returns {number}
 */
export function colourOf(index) {
  const side = LEVELS.length;
  const level = (/** @type {number} */ digit) => LEVELS[digit % side] ?? 0;
  return (level(Math.floor(index / side ** 2)) << 16) | (level(Math.floor(index / side)) << 8) | level(index);
}

/**
 * Which of the colours this is, give or take what an encoder does to it; -1 if it is none.
 * @param {number} red
 * @param {number} green
 * @param {number} blue
 * @returns {number}
 */
export function indexOfColour(red, green, blue) {
  const digits = [red, green, blue].map((value) =>
    LEVELS.findIndex((level) => Math.abs(level - value) <= TOLERANCE),
  );
  if (digits.includes(-1)) return -1;
  return digits.reduce((index, digit) => index * LEVELS.length + digit, 0);
}
