import { type IncomingMessage, request } from 'node:http';

/** One part of an MJPEG stream. */
export interface Part {
  readonly jpeg: Buffer;
  readonly sequence: number;
  /** When its last byte was here, on the test's monotonic clock. */
  readonly receivedAtMs: number;
}

/** A viewer that reads the parts of a stream as they come and keeps the newest. */
export class StreamReader {
  readonly response: IncomingMessage;
  parts = 0;
  newest: Part | null = null;
  ended = false;
  readonly #waiting = new Set<() => void>();
  #buffer = Buffer.alloc(0);

  private constructor(response: IncomingMessage) {
    this.response = response;
    response.on('data', (chunk: Buffer) => this.#take(chunk));
    const end = (): void => {
      this.ended = true;
      this.#wake();
    };
    response.once('close', end);
    response.on('error', end);
  }

  /** Opens a stream; rejects if it is refused. */
  static open(url: string): Promise<StreamReader> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { agent: false }, (response) => {
        if (response.statusCode === 200) resolve(new StreamReader(response));
        else reject(new Error(`The stream was refused with ${response.statusCode}`));
      });
      outgoing.once('error', reject);
      outgoing.end();
    });
  }

  /** Resolves when `condition` holds, looked at after each part and at the end of the stream. */
  async until(condition: (reader: StreamReader) => boolean): Promise<void> {
    while (!condition(this)) {
      if (this.ended) throw new Error('The stream ended before what was waited for');
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** Resolves when the stream has ended. */
  async untilEnd(): Promise<void> {
    while (!this.ended) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  close(): void {
    this.response.destroy();
  }

  #take(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    for (;;) {
      const headEnd = this.#buffer.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = this.#buffer.subarray(0, headEnd).toString('latin1');
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (Number.isNaN(length)) throw new Error(`A part has no length: ${head}`);
      const end = headEnd + 4 + length;
      if (this.#buffer.length < end) return;
      const sequence = Number(/x-sequence: *(\d+)/i.exec(head)?.[1] ?? Number.NaN);
      const jpeg = Buffer.from(this.#buffer.subarray(headEnd + 4, end));
      this.newest = { jpeg, sequence, receivedAtMs: performance.now() };
      this.parts += 1;
      this.#buffer = this.#buffer.subarray(end);
      this.#wake();
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}
