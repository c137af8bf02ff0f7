// @ts-check
import { connect } from 'node:net';
import { makeRequest, readSetup } from './x11-connection.mjs';

// Sees a pixel in a fraction of a millisecond, where programs that grab a picture take a tenth of a second.
// https://www.x.org/releases/current/doc/xproto/x11protocol.html#requests:GetImage
const GET_IMAGE = 73;
const Z_PIXMAP = 2;
const REPLY_HEADER_BYTES = 32;

/** Looks at single pixels of a display, of what all windows show together. */
export class X11Eye {
  #socket;
  #rootId;
  #received = Buffer.alloc(0);
  /** @type {() => void} */
  #onBytes = () => {};

  /**
   * @param {import('node:net').Socket} socket
   * @param {number} rootId
   */
  constructor(socket, rootId) {
    this.#socket = socket;
    this.#rootId = rootId;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#onBytes();
    });
  }

  /**
   * Connects to a display that lets everybody in.
   * @param {string} display Such as `:99`.
   * @returns {Promise<X11Eye>}
   */
  static async open(display) {
    const socket = connect(`/tmp/.X11-unix/X${display.slice(1)}`);
    const hello = Buffer.alloc(12);
    hello.write('l', 0);
    hello.writeUInt16LE(11, 2);
    socket.write(hello);
    const eye = new X11Eye(socket, 0);
    const head = await eye.#take(8);
    const setup = Buffer.concat([head, await eye.#take(head.readUInt16LE(6) * 4)]);
    if (head[0] !== 1) throw new Error('the X server refused the connection');
    eye.#rootId = readSetup(setup).rootId;
    return eye;
  }

  /**
   * The colour of one pixel as 0xRRGGBB. Not to be called again before the last call is done.
   * @param {number} x
   * @param {number} y
   * @returns {Promise<number>}
   */
  async look(x, y) {
    const request = makeRequest(GET_IMAGE, Z_PIXMAP, 20);
    request.writeUInt32LE(this.#rootId, 4);
    request.writeInt16LE(x, 8);
    request.writeInt16LE(y, 10);
    request.writeUInt16LE(1, 12);
    request.writeUInt16LE(1, 14);
    request.writeUInt32LE(0xffffffff, 16);
    this.#socket.write(request);
    const header = await this.#take(REPLY_HEADER_BYTES);
    if (header[0] !== 1) throw new Error(`the X server answered with error ${header[1]}`);
    const pixel = await this.#take(header.readUInt32LE(4) * 4);
    return pixel.readUInt32LE(0) & 0xffffff;
  }

  close() {
    this.#socket.destroy();
  }

  /**
   * @param {number} bytes
   * @returns {Promise<Buffer>}
   */
  async #take(bytes) {
    while (this.#received.length < bytes) {
      await new Promise((resolve) => {
        this.#onBytes = () => resolve(undefined);
      });
    }
    const taken = this.#received.subarray(0, bytes);
    this.#received = this.#received.subarray(bytes);
    return taken;
  }
}
