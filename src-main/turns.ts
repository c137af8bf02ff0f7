import { setImmediate as yieldToOthers } from 'node:timers/promises';

/** So long work goes on before everybody else has a turn: a fraction of what a picture of a stream lasts. */
const TURN_MS = 5;

/** Cuts work on texts of any length into turns of 5 ms, between which everybody else has theirs. */
export class Turns {
  #beganMs = performance.now();

  /** Whether this turn has lasted long enough; to be asked between small pieces of work. */
  get isOver(): boolean {
    return performance.now() - this.#beganMs >= TURN_MS;
  }

  /** Resolves when the next turn begins. */
  async next(): Promise<void> {
    await yieldToOthers();
    this.#beganMs = performance.now();
  }
}

/** So many lines pass between two looks at the time. */
const LINES_BETWEEN_LOOKS = 256;
/** So many characters count as a line. */
const LINE_LENGTH = 256;

/**
 * What `read` makes of each of the first `most` lines of a text, which line feeds part. Everybody else has turns
 * meanwhile.
 */
export async function readLines<R>(
  text: string,
  most: number,
  read: (line: string) => readonly R[],
): Promise<R[]> {
  const turns = new Turns();
  const results: R[] = [];
  let cost = 0;
  for (let at = 0, count = 0; at <= text.length && count < most; count += 1) {
    const feed = text.indexOf('\n', at);
    const end = feed < 0 ? text.length : feed;
    results.push(...read(text.slice(at, end)));
    cost += 1 + (end - at) / LINE_LENGTH;
    at = end + 1;
    if (cost < LINES_BETWEEN_LOOKS) continue;
    cost = 0;
    if (turns.isOver) await turns.next();
  }
  return results;
}

/** Which part of a list is asked for. */
interface Page {
  readonly limit: number;
  readonly offset: number;
}

/**
 * A page of a list whose newest entries come first, read by `read` in pieces of at most `pieceLength`; everybody else has
 * turns meanwhile. What comes to the list in those moves the rest on and makes no entry, told apart by `keyOf`, come twice.
 */
export async function readInTurns<T>(
  { limit, offset }: Page,
  pieceLength: number,
  read: (piece: Page) => { readonly entries: readonly T[]; readonly total: number },
  keyOf: (entry: T) => string,
): Promise<{ entries: T[]; total: number }> {
  const turns = new Turns();
  const found = new Map<string, T>();
  for (let done = 0; ; ) {
    const wanted = Math.min(pieceLength, limit - found.size);
    const { entries, total } = read({ limit: wanted, offset: offset + done });
    for (const entry of entries) if (!found.has(keyOf(entry))) found.set(keyOf(entry), entry);
    done += entries.length;
    if (entries.length < wanted || found.size === limit) return { entries: [...found.values()], total };
    if (turns.isOver) await turns.next();
  }
}
