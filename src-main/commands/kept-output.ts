import { createHash } from 'node:crypto';
import type { OutputEncoding } from '#shared/commands';

/** Output as it is shown and stored. */
export interface OutputText {
  readonly text: string;
  readonly encoding: OutputEncoding;
  /** How many bytes were written in all. */
  readonly bytes: number;
  /** Whether some of them were left out; a mark stands where. */
  readonly truncated: boolean;
}

/** The output of something that wrote none. */
export const NO_OUTPUT: OutputText = { text: '', encoding: 'utf8', bytes: 0, truncated: false };

/** The text of an output that was kept, and what is known of it. */
export interface KeptText {
  readonly text: string;
  readonly encoding: OutputEncoding;
  /** How many bytes were written in all. */
  readonly bytes: number;
}

/**
 * The two ends of an output that {@link KeptOutput} made into text, and how many bytes were left out between; `tail` is
 * null where nothing was. What a program wrote may look like the mark: only that one is it which makes the sum right.
 * (Where the text is longer than what it was made of, because it was no UTF-8, the first one is taken.)
 */
export function splitKept({ text, encoding, bytes }: KeptText): {
  readonly head: string;
  readonly leftOut: number;
  readonly tail: string | null;
} {
  const textBytes = Buffer.byteLength(text);
  if (encoding === 'utf8' && textBytes === bytes) return { head: text, leftOut: 0, tail: null };
  for (const { 0: mark, 1: count, index } of text.matchAll(MARK)) {
    const leftOut = Number(count);
    const isRight = encoding !== 'utf8' || textBytes - Buffer.byteLength(mark) + leftOut === bytes;
    if (isRight) return { head: text.slice(0, index), leftOut, tail: text.slice(index + mark.length) };
  }
  return { head: text, leftOut: 0, tail: null };
}

/**
 * An output with no more of it than `maxBytes`, half from either end, and a mark between that counts what is left out in
 * all. The same one where it has no more.
 */
export function shortenOutput(output: OutputText, maxBytes: number): OutputText {
  // A character has three bytes for each code unit at most.
  if (output.text.length * 3 <= maxBytes) return output;
  const { head, leftOut, tail } = splitKept(output);
  const first = Buffer.from(head);
  const last = tail === null ? Buffer.alloc(0) : Buffer.from(tail);
  if (first.length + last.length <= maxBytes) return output;
  const half = Math.floor(maxBytes / 2);
  const before = withoutBrokenEnd(first.subarray(0, half));
  const end = tail === null ? first.subarray(before.length) : last;
  const after = withoutBrokenStart(end.subarray(Math.max(0, end.length - half)));
  const missing = first.length + leftOut + last.length - before.length - after.length;
  return { ...output, text: `${before}${markOf(missing)}${after}`, truncated: true };
}

const MARK = /\n\[… (\d{1,15}) bytes left out …\]\n/g;
const markOf = (bytes: number): string => `\n[… ${bytes} bytes left out …]\n`;

/**
 * Keeps the beginning and the end of an output of any length, `maxBytes` in all, half of it each. Costs no more
 * memory than that, however much and in however small pieces is written.
 */
export class KeptOutput {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  #head: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  #headBytes = 0;
  /** A ring; the oldest byte is at `#tailStart`. */
  #tail: Buffer<ArrayBufferLike> | null = null;
  #tailStart = 0;
  #tailBytes = 0;
  #totalBytes = 0;
  readonly #hash = createHash('sha256');

  constructor(maxBytes: number) {
    this.#headLimit = Math.floor(maxBytes / 2);
    this.#tailLimit = maxBytes - this.#headLimit;
  }

  /** How many bytes were written in all. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** SHA-256 over all that was written so far, kept or not; null while that is nothing. */
  get sha256(): string | null {
    return this.#totalBytes === 0 ? null : this.#hash.copy().digest('hex');
  }

  /** Takes what was written next; the chunk is copied. */
  append(chunk: Buffer): void {
    this.#totalBytes += chunk.length;
    this.#hash.update(chunk);
    const toHead = Math.min(chunk.length, this.#headLimit - this.#headBytes);
    if (toHead > 0) this.#appendToHead(chunk.subarray(0, toHead));
    if (toHead < chunk.length) this.#appendToTail(chunk.subarray(toHead));
  }

  /** What is kept, as text, with a mark where bytes were left out. */
  toText(): OutputText {
    const head = this.#head.subarray(0, this.#headBytes);
    const tail = this.#readTail();
    const leftOut = this.#totalBytes - head.length - tail.length;
    if (leftOut === 0) {
      return { ...decode(Buffer.concat([head, tail])), bytes: this.#totalBytes, truncated: false };
    }
    const before = withoutBrokenEnd(head);
    const after = withoutBrokenStart(tail);
    const missing = this.#totalBytes - before.length - after.length;
    const first = decode(before);
    const last = decode(after);
    return {
      text: `${first.text}${markOf(missing)}${last.text}`,
      encoding: first.encoding === 'utf8' ? last.encoding : first.encoding,
      bytes: this.#totalBytes,
      truncated: true,
    };
  }

  #appendToHead(piece: Buffer): void {
    const needed = this.#headBytes + piece.length;
    if (needed > this.#head.length) {
      const grown = Buffer.alloc(Math.min(this.#headLimit, Math.max(needed, this.#head.length * 2, 4096)));
      this.#head.copy(grown, 0, 0, this.#headBytes);
      this.#head = grown;
    }
    piece.copy(this.#head, this.#headBytes);
    this.#headBytes = needed;
  }

  #appendToTail(piece: Buffer): void {
    const newest = piece.length > this.#tailLimit ? piece.subarray(piece.length - this.#tailLimit) : piece;
    this.#tail ??= Buffer.alloc(this.#tailLimit);
    const end = (this.#tailStart + this.#tailBytes) % this.#tailLimit;
    const copied = newest.copy(this.#tail, end);
    newest.copy(this.#tail, 0, copied);
    const overflow = Math.max(0, this.#tailBytes + newest.length - this.#tailLimit);
    this.#tailStart = (this.#tailStart + overflow) % this.#tailLimit;
    this.#tailBytes += newest.length - overflow;
  }

  #readTail(): Buffer {
    if (!this.#tail) return Buffer.alloc(0);
    const untilWrap = this.#tail.subarray(this.#tailStart, this.#tailStart + this.#tailBytes);
    const rest = this.#tail.subarray(0, this.#tailBytes - untilWrap.length);
    return Buffer.concat([untilWrap, rest]);
  }
}

function decode(bytes: Buffer): { text: string; encoding: OutputEncoding } {
  try {
    return {
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
      encoding: 'utf8',
    };
  } catch {
    return { text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes), encoding: 'utf8_lossy' };
  }
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** How many bytes a character takes that begins with `byte`, as far as that can be the beginning of one. */
function lengthOfCharacter(byte: number): number {
  if (byte >= 0xf0) return 4;
  if (byte >= 0xe0) return 3;
  return byte >= 0xc0 ? 2 : 1;
}

/** Without the first bytes of a character whose others were cut off. */
export function withoutBrokenEnd(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(4, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (isContinuation(byte)) continue;
    return lengthOfCharacter(byte) > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** Without the last bytes of a character whose first was cut off. */
export function withoutBrokenStart(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && isContinuation(bytes[start])) start += 1;
  return bytes.subarray(start);
}
