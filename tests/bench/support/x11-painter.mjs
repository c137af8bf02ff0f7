// @ts-check
import { connect } from 'node:net';

// The few requests of the X11 protocol that paint a rectangle, so that the moment of a change is known to within the
// time of a write: https://www.x.org/releases/current/doc/xproto/x11protocol.html
const CREATE_WINDOW = 1;
const MAP_WINDOW = 8;
const CREATE_GC = 55;
const CHANGE_GC = 56;
const POLY_FILL_RECTANGLE = 70;
const GET_INPUT_FOCUS = 43;

/** Paints a rectangle in the screen's middle, in front of all windows. */
export class X11Painter {
  #socket;
  #windowId = 0;
  #gcId = 0;
  /** @type {(() => void)[]} */
  #replies = [];

  static SIDE_PX = 200;

  /**
   * @param {string} display Such as `:99`.
   * @param {{ widthPx: number, heightPx: number }} screen
   */
  constructor(display, screen) {
    this.#socket = connect(`/tmp/.X11-unix/X${display.slice(1)}`);
    this.screen = screen;
  }

  /** Opens the window; resolves once it is there. */
  async open() {
    const setup = Buffer.alloc(12);
    setup.write('l', 0);
    setup.writeUInt16LE(11, 2);
    this.#socket.write(setup);
    const { idBase, rootId } = readSetup(await this.#read());
    this.#windowId = idBase;
    this.#gcId = idBase + 1;
    this.#socket.on('data', () => this.#replies.shift()?.());
    const side = X11Painter.SIDE_PX;
    const create = request(CREATE_WINDOW, 0, 36);
    create.writeUInt32LE(this.#windowId, 4);
    create.writeUInt32LE(rootId, 8);
    create.writeInt16LE((this.screen.widthPx - side) / 2, 12);
    create.writeInt16LE((this.screen.heightPx - side) / 2, 14);
    create.writeUInt16LE(side, 16);
    create.writeUInt16LE(side, 18);
    // override-redirect, so that no window manager moves or frames it.
    create.writeUInt32LE(0x200, 28);
    create.writeUInt32LE(1, 32);
    const map = request(MAP_WINDOW, 0, 8);
    map.writeUInt32LE(this.#windowId, 4);
    const gc = request(CREATE_GC, 0, 16);
    gc.writeUInt32LE(this.#gcId, 4);
    gc.writeUInt32LE(this.#windowId, 8);
    this.#socket.write(Buffer.concat([create, map, gc]));
    await this.#roundTrip();
  }

  /**
   * Fills the rectangle. Resolves once the X server has done it.
   * @param {number} rgb
   */
  async fill(rgb) {
    const change = request(CHANGE_GC, 0, 16);
    change.writeUInt32LE(this.#gcId, 4);
    change.writeUInt32LE(0x4, 8);
    change.writeUInt32LE(rgb, 12);
    const fill = request(POLY_FILL_RECTANGLE, 0, 20);
    fill.writeUInt32LE(this.#windowId, 4);
    fill.writeUInt32LE(this.#gcId, 8);
    fill.writeUInt16LE(X11Painter.SIDE_PX, 16);
    fill.writeUInt16LE(X11Painter.SIDE_PX, 18);
    this.#socket.write(Buffer.concat([change, fill]));
    await this.#roundTrip();
  }

  close() {
    this.#socket.destroy();
  }

  async #roundTrip() {
    const done = new Promise((resolve) => this.#replies.push(() => resolve(undefined)));
    this.#socket.write(request(GET_INPUT_FOCUS, 0, 4));
    await done;
  }

  /** @returns {Promise<Buffer>} The answer to the connection's set-up. */
  #read() {
    return new Promise((resolve, reject) => {
      /** @type {Buffer[]} */
      const chunks = [];
      const onData = (/** @type {Buffer} */ chunk) => {
        chunks.push(chunk);
        const bytes = Buffer.concat(chunks);
        if (bytes.length < 8 || bytes.length < 8 + bytes.readUInt16LE(6) * 4) return;
        this.#socket.off('data', onData);
        if (bytes[0] === 1) resolve(bytes);
        else reject(new Error('the X server refused the connection'));
      };
      this.#socket.on('data', onData);
      this.#socket.once('error', reject);
    });
  }
}

/**
 * @param {number} opcode
 * @param {number} detail
 * @param {number} length
 * @returns {Buffer}
 */
function request(opcode, detail, length) {
  const bytes = Buffer.alloc(length);
  bytes[0] = opcode;
  bytes[1] = detail;
  bytes.writeUInt16LE(length / 4, 2);
  return bytes;
}

/**
 * @param {Buffer} setup
 * @returns {{ idBase: number, rootId: number }}
 */
function readSetup(setup) {
  const vendorLength = setup.readUInt16LE(24);
  const formats = setup[29] ?? 0;
  const screenOffset = 40 + Math.ceil(vendorLength / 4) * 4 + formats * 8;
  return { idBase: setup.readUInt32LE(12), rootId: setup.readUInt32LE(screenOffset) };
}
