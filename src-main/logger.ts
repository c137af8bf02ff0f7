import { appendFileSync } from 'node:fs';
import path from 'node:path';
import type { Writable } from 'node:stream';
import pino from 'pino';
import { createStream } from 'rotating-file-stream';
import { scrubSecrets } from './scrub-secrets.ts';

const LOG_FILE = 'porthole.log';

/** Where the agent writes what it does. A pino logger is one; `fields` must hold no secret. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * A logger that writes JSON lines to stderr and to `porthole.log` in `folder`, kept as the newest five files of
 * 5 MB, with secrets taken out. `flush` resolves once everything logged is on its way to the disk; nothing may be logged after it.
 * `flushAtOnce` is for a process that ends when it returns.
 */
export function createLogger(folder: string): {
  log: Logger;
  flush: () => Promise<void>;
  flushAtOnce: () => void;
} {
  const file = createStream(LOG_FILE, { path: folder, size: '5M', maxFiles: 5, mode: 0o600 });
  // A full disk must not take the agent down with its log.
  file.on('error', (error) => process.stderr.write(`The log file cannot be written: ${error.message}\n`));
  const lines = new GatheredLines(file);
  const log = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      hooks: { streamWrite: scrubSecrets },
    },
    pino.multistream([{ stream: process.stderr }, { stream: lines }]),
  );
  const flushAtOnce = (): void => appendFileSync(path.join(folder, LOG_FILE), lines.takeAll());
  return { log, flush: () => lines.end(), flushAtOnce };
}

/**
 * Hands lines to a stream that writes each piece by itself, one piece at a time: the lines that come while one is being
 * written make the next. The first goes at once, and in a burst a write holds many.
 */
export class GatheredLines {
  readonly #stream: Writable;
  #waiting = '';
  /** Handed to the stream, which has not said that it is written. */
  #piece = '';
  #isWriting = false;

  /** The stream's errors go to whoever listens for them there. */
  constructor(stream: Writable) {
    this.#stream = stream;
  }

  write(line: string): void {
    this.#waiting += line;
    if (!this.#isWriting) this.#writeOn();
  }

  /** What has not been written yet, or not for certain, to be written by whoever takes it. */
  takeAll(): string {
    const lines = this.#piece + this.#waiting;
    this.#piece = '';
    this.#waiting = '';
    return lines;
  }

  /** Writes what waits and ends the stream; resolves when that is done or has failed. Nothing may be written after it. */
  end(): Promise<void> {
    const last = this.#waiting;
    this.#waiting = '';
    return new Promise((resolve) => this.#stream.end(last, () => resolve()));
  }

  #writeOn(): void {
    this.#piece = this.#waiting;
    this.#waiting = '';
    this.#isWriting = true;
    this.#stream.write(this.#piece, () => {
      this.#isWriting = false;
      this.#piece = '';
      if (this.#waiting !== '') this.#writeOn();
    });
  }
}
