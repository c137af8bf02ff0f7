// @ts-check
import { get } from 'node:http';

/**
 * One part as it arrived. `atMs` is `performance.now()` when its last byte was there; `sequence` is what the server says,
 * or counts the parts of one that says nothing.
 * @typedef {{ atMs: number, sequence: number, bytes: number, jpeg: Buffer | null }} Part
 */

/**
 * @typedef {object} MjpegClientOptions
 * @property {boolean} [keepJpegs] Whether parts have their pictures.
 * @property {(part: Part) => void} [onPart] Takes each part; none is kept then.
 * @property {(reason: string) => void} [onEnd] Told once when the stream is over, unless `close` or `abort` ended it.
 */

/**
 * A viewer that reads a stream as fast as it comes, and may be stopped or slowed down.
 */
export class MjpegClient {
  /** @type {Part[]} */
  parts = [];
  #options;
  /** @type {Buffer[]} */
  #chunks = [];
  #buffered = 0;
  /** Bytes that must be there before it is worth looking again. */
  #wanted = 0;
  #taken = 0;
  #over = false;
  /** @type {import('node:http').ClientRequest} */
  #request;
  /** @type {import('node:http').IncomingMessage | null} */
  #response = null;

  /**
   * @param {string} url
   * @param {MjpegClientOptions} [options]
   */
  constructor(url, options = {}) {
    this.#options = options;
    this.#request = get(url, { agent: false }, (response) => {
      this.#response = response;
      response.on('error', () => {});
      response.once('close', () => this.#end('the stream ended'));
      if (response.statusCode === 200) response.on('data', (chunk) => this.#onData(chunk));
      else {
        response.resume();
        this.#end(`answered ${response.statusCode}`);
      }
    });
    this.#request.on('error', (error) => this.#end(error.message));
  }

  /** Whether the stream is over, whoever ended it. */
  get isOver() {
    return this.#over;
  }

  /** Waits for the first part. Rejects if the stream ends without one. */
  async ready() {
    while (this.parts.length === 0) {
      if (this.#over) throw new Error('the stream ended before its first picture');
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return /** @type {Part} */ (this.parts[0]);
  }

  /** Stops reading; the connection stays. */
  pause() {
    this.#response?.pause();
  }

  /**
   * Reads no more than so many bits per second from now on.
   * @param {number} bitsPerSecond
   */
  throttle(bitsPerSecond) {
    const response = this.#response;
    if (!response) throw new Error('the stream has not begun');
    response.removeAllListeners('data');
    response.pause();
    const perTick = bitsPerSecond / 8 / 20;
    const timer = setInterval(() => {
      const chunk = response.read(Math.min(perTick, response.readableLength || 1));
      if (chunk) this.#onData(chunk);
    }, 50);
    response.once('close', () => clearInterval(timer));
  }

  /** Leaves as a browser does. */
  close() {
    this.#over = true;
    this.#request.destroy();
  }

  /** Leaves without a word, as a program that crashes: the connection is reset. */
  abort() {
    this.#over = true;
    const socket = this.#request.socket;
    if (socket) socket.resetAndDestroy();
    else this.#request.destroy();
  }

  /**
   * @param {string} reason
   */
  #end(reason) {
    if (this.#over) return;
    this.#over = true;
    this.#options.onEnd?.(reason);
  }

  /**
   * @param {Buffer} chunk
   */
  #onData(chunk) {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    while (this.#buffered >= this.#wanted && this.#takePart());
  }

  /** @returns {boolean} Whether there was a whole part. */
  #takePart() {
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [bytes];
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0) {
      this.#wanted = this.#buffered + 1;
      return false;
    }
    const head = bytes.subarray(0, headEnd).toString('latin1');
    const length = Number(/Content-Length: (\d+)/i.exec(head)?.[1]);
    const end = headEnd + 4 + length;
    if (bytes.length < end) {
      this.#wanted = end;
      return false;
    }
    this.#taken += 1;
    const part = {
      atMs: performance.now(),
      sequence: Number(/X-Sequence: (\d+)/.exec(head)?.[1] ?? this.#taken),
      bytes: length,
      jpeg: this.#options.keepJpegs ? Buffer.from(bytes.subarray(headEnd + 4, end)) : null,
    };
    if (this.#options.onPart) this.#options.onPart(part);
    else this.parts.push(part);
    const rest = bytes.subarray(end);
    this.#chunks = [rest];
    this.#buffered = rest.length;
    this.#wanted = 0;
    return rest.length > 0;
  }
}

/**
 * How many different frames per second these parts show.
 * @param {readonly Part[]} parts
 * @param {number} seconds
 * @returns {number}
 */
export function framesPerSecond(parts, seconds) {
  return new Set(parts.map(({ sequence }) => sequence)).size / seconds;
}
