import { type KeptText, splitKept, withoutBrokenEnd, withoutBrokenStart } from './kept-output.ts';

/** A piece of an output. Offsets count the bytes of the output as it was written, those that were not kept too. */
export interface OutputPage {
  readonly text: string;
  /** Of its first byte; later than asked for where the bytes between were not kept. */
  readonly offset: number;
  /** Where the next page begins; the same as `totalBytes` when there is no more. */
  readonly nextOffset: number;
  readonly totalBytes: number;
}

/** The beginning and the end of an output, and how many bytes lie between. */
export interface OutputEnds {
  readonly head: OutputPage;
  /** Null where the head is all of it. */
  readonly tail: OutputPage | null;
}

interface Stretch {
  readonly offset: number;
  readonly bytes: Buffer;
}

/**
 * The next piece of an output from `sinceOffset` on, cut between characters; at most `maxBytes` as JSON writes them.
 * Of output that is no UTF-8, offsets count the bytes of the text that was made of it.
 */
export function readPage(kept: KeptText, sinceOffset: number, maxBytes: number): OutputPage {
  const stretches = stretchesOf(kept);
  const totalBytes = endOf(stretches.at(-1));
  const found = stretches.find((stretch) => endOf(stretch) > sinceOffset);
  if (!found) return { text: '', offset: totalBytes, nextOffset: totalBytes, totalBytes };
  const rest = found.bytes.subarray(Math.max(0, sinceOffset - found.offset));
  const whole = withoutBrokenStart(rest);
  const piece = withoutBrokenEnd(whole.subarray(0, fitForwards(whole, maxBytes)));
  const offset = endOf(found) - whole.length;
  return { text: piece.toString(), offset, nextOffset: offset + piece.length, totalBytes };
}

/** Both ends of an output, each at most `maxBytes` as JSON writes them; all of it where it fits into both. */
export function readEnds(kept: KeptText, maxBytes: number): OutputEnds {
  const stretches = stretchesOf(kept);
  const whole = readPage(kept, 0, 2 * maxBytes);
  if (whole.nextOffset === whole.totalBytes) return { head: whole, tail: null };
  const last = stretches.at(-1);
  const head = readPage(kept, 0, maxBytes);
  if (!last) return { head, tail: null };
  const end = withoutBrokenStart(last.bytes.subarray(fitBackwards(last.bytes, maxBytes)));
  const { totalBytes } = head;
  return {
    head,
    tail: { text: end.toString(), offset: totalBytes - end.length, nextOffset: totalBytes, totalBytes },
  };
}

function stretchesOf(kept: KeptText): Stretch[] {
  const { head, leftOut, tail } = splitKept(kept);
  const first = Buffer.from(head);
  if (tail === null) return [{ offset: 0, bytes: first }];
  return [
    { offset: 0, bytes: first },
    { offset: first.length + leftOut, bytes: Buffer.from(tail) },
  ];
}

function endOf(stretch: Stretch | undefined): number {
  return stretch ? stretch.offset + stretch.bytes.length : 0;
}

function fitForwards(bytes: Buffer, maxCost: number): number {
  let cost = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    cost += costInJson(bytes[at] ?? 0);
    if (cost > maxCost) return at;
  }
  return bytes.length;
}

function fitBackwards(bytes: Buffer, maxCost: number): number {
  let cost = 0;
  for (let at = bytes.length; at > 0; at -= 1) {
    cost += costInJson(bytes[at - 1] ?? 0);
    if (cost > maxCost) return at;
  }
  return 0;
}

const SHORT_ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\\b\f\n\r\t'));

/** How many bytes JSON writes for one byte of UTF-8: a control character becomes six. */
function costInJson(byte: number): number {
  if (SHORT_ESCAPES.has(byte)) return 2;
  return byte < 0x20 ? 6 : 1;
}
