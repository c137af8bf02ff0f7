// @ts-check
import { get } from 'node:http';

/**
 * One part as it arrived. `atMs` is `performance.now()` when its last byte was there.
 * @typedef {{ atMs: number, sequence: number, bytes: number, jpeg: Buffer | null }} Part
 */

/**
 * A viewer that reads a stream as fast as it comes, and may be stopped or slowed down.
 */
export class MjpegClient {
  /** @type {Part[]} */
  parts = [];
  #keepJpegs;
  /** @type {Buffer[]} */
  #chunks = [];
  #buffered = 0;
  /** Bytes that must be there before it is worth looking again. */
  #wanted = 0;
  /** @type {import('node:http').ClientRequest} */
  #request;
  /** @type {import('node:http').IncomingMessage | null} */
  #response = null;

  /**
   * @param {string} url
   * @param {{ keepJpegs?: boolean }} [options]
   */
  constructor(url, { keepJpegs = false } = {}) {
    this.#keepJpegs = keepJpegs;
    this.#request = get(url, { agent: false }, (response) => {
      this.#response = response;
      if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
      response.on('data', (chunk) => this.#onData(chunk));
    });
    this.#request.on('error', () => {});
  }

  /** Waits for the first part. */
  async ready() {
    while (this.parts.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
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

  close() {
    this.#request.destroy();
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
    const length = Number(/Content-Length: (\d+)/.exec(head)?.[1]);
    const end = headEnd + 4 + length;
    if (bytes.length < end) {
      this.#wanted = end;
      return false;
    }
    this.parts.push({
      atMs: performance.now(),
      sequence: Number(/X-Sequence: (\d+)/.exec(head)?.[1]),
      bytes: length,
      jpeg: this.#keepJpegs ? Buffer.from(bytes.subarray(headEnd + 4, end)) : null,
    });
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
