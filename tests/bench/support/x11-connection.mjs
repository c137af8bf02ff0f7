// @ts-check
import { connect } from 'node:net';

// The few requests of the X11 protocol that are needed, so that the moment of a change is known to within the time of
// a write: https://www.x.org/releases/current/doc/xproto/x11protocol.html
const CREATE_WINDOW = 1;
const MAP_WINDOW = 8;
const GET_INPUT_FOCUS = 43;

/** Where a window is, in pixels. */
/** @typedef {{ leftPx: number, topPx: number, widthPx: number, heightPx: number }} Place */

/** A client of an X server that draws and never listens. */
export class X11Connection {
  #socket;
  #nextId = 0;
  #rootId = 0;
  /** @type {(() => void)[]} */
  #replies = [];

  /**
   * @param {string} display Such as `:99`.
   */
  constructor(display) {
    this.#socket = connect(`/tmp/.X11-unix/X${display.slice(1)}`);
  }

  /** Connects; to be called once, before anything else. */
  async open() {
    const setup = Buffer.alloc(12);
    setup.write('l', 0);
    setup.writeUInt16LE(11, 2);
    this.#socket.write(setup);
    const { idBase, rootId } = readSetup(await this.#read());
    this.#nextId = idBase;
    this.#rootId = rootId;
    this.#socket.on('data', () => this.#replies.shift()?.());
  }

  /** @returns {number} An id for a thing that is about to be made. */
  makeId() {
    const id = this.#nextId;
    this.#nextId += 1;
    return id;
  }

  /**
   * Opens a black window in front of all others, which no window manager moves or frames.
   * @param {Place} place
   * @returns {number} Its id.
   */
  openWindow({ leftPx, topPx, widthPx, heightPx }) {
    const windowId = this.makeId();
    const create = makeRequest(CREATE_WINDOW, 0, 40);
    create.writeUInt32LE(windowId, 4);
    create.writeUInt32LE(this.#rootId, 8);
    create.writeInt16LE(leftPx, 12);
    create.writeInt16LE(topPx, 14);
    create.writeUInt16LE(widthPx, 16);
    create.writeUInt16LE(heightPx, 18);
    // Background pixel and override-redirect.
    create.writeUInt32LE(0x202, 28);
    create.writeUInt32LE(0, 32);
    create.writeUInt32LE(1, 36);
    const map = makeRequest(MAP_WINDOW, 0, 8);
    map.writeUInt32LE(windowId, 4);
    this.send(create, map);
    return windowId;
  }

  /**
   * @param {readonly Buffer[]} requests
   */
  send(...requests) {
    this.#socket.write(Buffer.concat(requests));
  }

  /** Resolves once the server has done everything that was sent. */
  async settle() {
    const done = new Promise((resolve) => this.#replies.push(() => resolve(undefined)));
    this.send(makeRequest(GET_INPUT_FOCUS, 0, 4));
    await done;
  }

  /** Ends the connection, and with it what was made over it. */
  close() {
    this.#socket.destroy();
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
 * A request with its head filled in and the rest zero.
 * @param {number} opcode
 * @param {number} detail
 * @param {number} length In bytes, a multiple of 4.
 * @returns {Buffer}
 */
export function makeRequest(opcode, detail, length) {
  const bytes = Buffer.alloc(length);
  bytes[0] = opcode;
  bytes[1] = detail;
  bytes.writeUInt16LE(length / 4, 2);
  return bytes;
}

/**
 * What a client is told when it connects: where its ids begin, and the first screen's root window.
 * @param {Buffer} setup All of the server's first answer.
 * @returns {{ idBase: number, rootId: number }}
 */
export function readSetup(setup) {
  const vendorLength = setup.readUInt16LE(24);
  const formats = setup[29] ?? 0;
  const screenOffset = 40 + Math.ceil(vendorLength / 4) * 4 + formats * 8;
  return { idBase: setup.readUInt32LE(12), rootId: setup.readUInt32LE(screenOffset) };
}
