import { type Bait, UNICODE_BAITS, USUAL_BAITS } from './baits.ts';

/** Something of the product that reads what it does not write itself. */
export interface OutsideReader {
  readonly name: string;
  /** The most that comes to it, in bytes. */
  readonly mostBytes: number;
  /** What sees to that: the reader itself, or who hands it the text. */
  readonly heldBy: string;
  /** Whether what it is given at once here comes to the product in as many turns as there are pieces. */
  readonly isOfManyTurns?: boolean;
  /** What it is tried with. */
  readonly baits: Readonly<Record<string, Bait>>;
  /**
   * Reads a bait as the product would; may throw, as a refusal. What it is prepared with is not measured.
   * `threadFolder` holds the built files of the product's threads.
   */
  prepare(text: string, threadFolder: string): () => unknown;
  /** Where the product has it done elsewhere than in the main loop: the same, as the main loop sees it. */
  readonly prepareAsked?: (text: string, threadFolder: string) => () => Promise<unknown>;
}

/** What one is made of; how it reads is `read` of what `from` makes of the text. */
interface Parts<I> {
  readonly name: string;
  readonly mostBytes: number;
  readonly heldBy: string;
  readonly isOfManyTurns?: boolean;
  /** Added to the usual ones. */
  readonly baits?: Readonly<Record<string, Bait>>;
  readonly from: (text: string) => I;
  readonly read: (input: I, threadFolder: string) => unknown;
  readonly prepareAsked?: OutsideReader['prepareAsked'];
}

function define<I>(
  { from, read, baits, prepareAsked, ...reader }: Parts<I>,
  usual: Readonly<Record<string, Bait>>,
): OutsideReader {
  return {
    ...reader,
    ...(prepareAsked ? { prepareAsked } : {}),
    baits: { ...usual, ...baits },
    prepare: (text, threadFolder) => {
      const input = from(text);
      return () => read(input, threadFolder);
    },
  };
}

/** One that reads text. */
export function textReader(
  parts: Omit<Parts<string>, 'from'> & { readonly from?: (text: string) => string },
): OutsideReader {
  return define({ from: (text) => text, ...parts }, { ...USUAL_BAITS, ...UNICODE_BAITS });
}

/** One that reads text after something else has been made of it, such as a list of words. */
export function shapedReader<I>(parts: Parts<I>): OutsideReader {
  return define(parts, { ...USUAL_BAITS, ...UNICODE_BAITS });
}

/** One that reads bytes: each character of a bait is one. */
export function byteReader(parts: Omit<Parts<Buffer>, 'from'>): OutsideReader {
  return define({ from: (text) => Buffer.from(text, 'latin1'), ...parts }, USUAL_BAITS);
}
