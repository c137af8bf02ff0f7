// @ts-check
import { makeRequest, X11Connection } from './x11-connection.mjs';

const CREATE_GC = 55;
const CHANGE_GC = 56;
const POLY_FILL_RECTANGLE = 70;
const FOREGROUND = 0x4;

/** Paints a rectangle in the screen's middle, in front of all windows. */
export class X11Painter {
  #connection;
  #screen;
  #windowId = 0;
  #gcId = 0;

  static SIDE_PX = 200;

  /**
   * @param {string} display Such as `:99`.
   * @param {{ widthPx: number, heightPx: number }} screen
   */
  constructor(display, screen) {
    this.#connection = new X11Connection(display);
    this.#screen = screen;
  }

  /** Opens the window; resolves once it is there. */
  async open() {
    await this.#connection.open();
    const side = X11Painter.SIDE_PX;
    this.#windowId = this.#connection.openWindow({
      leftPx: (this.#screen.widthPx - side) / 2,
      topPx: (this.#screen.heightPx - side) / 2,
      widthPx: side,
      heightPx: side,
    });
    this.#gcId = this.#connection.makeId();
    const gc = makeRequest(CREATE_GC, 0, 16);
    gc.writeUInt32LE(this.#gcId, 4);
    gc.writeUInt32LE(this.#windowId, 8);
    this.#connection.send(gc);
    await this.#connection.settle();
  }

  /**
   * Fills the rectangle. Resolves once the X server has done it.
   * @param {number} rgb
   */
  async fill(rgb) {
    const change = makeRequest(CHANGE_GC, 0, 16);
    change.writeUInt32LE(this.#gcId, 4);
    change.writeUInt32LE(FOREGROUND, 8);
    change.writeUInt32LE(rgb, 12);
    const fill = makeRequest(POLY_FILL_RECTANGLE, 0, 20);
    fill.writeUInt32LE(this.#windowId, 4);
    fill.writeUInt32LE(this.#gcId, 8);
    fill.writeUInt16LE(X11Painter.SIDE_PX, 16);
    fill.writeUInt16LE(X11Painter.SIDE_PX, 18);
    this.#connection.send(change, fill);
    await this.#connection.settle();
  }

  close() {
    this.#connection.close();
  }
}
