import type { CommandOutput } from '#shared/events';
import type { Clock } from '../clock.ts';

/** One piece of output on its way to those who watch. */
export type OutputPiece = Pick<CommandOutput['data'], 'stream' | 'offset' | 'bytes' | 'text'>;

const INTERVAL_MS = 50;
/** The most that one piece tells; what is written beyond it within the interval is left out. */
const MAX_PIECE_BYTES = 16 * 1024;

/**
 * Tells of one stream of a command as it is written: at most every 50 ms, at most 16 KiB at a time. A program that
 * writes faster is told in part, with gaps that the offsets show; the whole is kept elsewhere.
 */
export class OutputFeed {
  readonly #stream: 'stdout' | 'stderr';
  readonly #clock: Clock;
  readonly #tell: (piece: OutputPiece) => void;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #offset = 0;
  #nextOffset = 0;
  #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #cancel: (() => void) | null = null;

  constructor(stream: 'stdout' | 'stderr', clock: Clock, tell: (piece: OutputPiece) => void) {
    this.#stream = stream;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Takes what was written next. */
  append(chunk: Buffer): void {
    const room = MAX_PIECE_BYTES - this.#pendingBytes;
    if (room > 0) {
      const taken = chunk.subarray(0, room);
      this.#pending.push(taken);
      this.#pendingBytes += taken.length;
    }
    this.#nextOffset += chunk.length;
    this.#cancel ??= this.#clock.after(INTERVAL_MS, () => this.flush());
  }

  /** Tells what is pending, now. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#pendingBytes === 0) return;
    const bytes = Buffer.concat(this.#pending);
    const offset = this.#offset;
    const isWhole = offset + bytes.length === this.#nextOffset;
    const text = this.#decoder.decode(bytes, { stream: isWhole });
    // After a gap the next piece may begin within a character: the decoder starts afresh.
    if (!isWhole) this.#decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#offset = this.#nextOffset;
    this.#tell({ stream: this.#stream, offset, bytes: bytes.length, text });
  }
}
