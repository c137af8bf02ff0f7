import type { OutsideReader } from './outside-reader.ts';
import { ownMs } from './own-clock.ts';

/** The least of so many tries is what the reader takes: all else only adds to it. */
const TRIES = 5;
/** So many baits are looked at more closely. */
const LOOKED_AT = 3;

/** The longest time for which nothing else had its turn while a reader was given as much of a bait as it can get. */
export interface Pause {
  readonly reader: string;
  readonly bait: string;
  readonly ms: number;
}

/**
 * The longest pauses of a reader: every bait is tried once, those with which it stood still the longest several times
 * more, of which the least counts. `threadFolder` holds the built files of the product's threads.
 */
export async function* measurePauses(reader: OutsideReader, threadFolder: string): AsyncIterable<Pause> {
  if (reader.isOfManyTurns) return;
  const textOf = (bait: string): string => reader.baits[bait]?.(reader.mostBytes) ?? '';
  const first: Pause[] = [];
  for (const bait of Object.keys(reader.baits)) {
    first.push({ reader: reader.name, bait, ms: await measure(reader, textOf(bait), threadFolder) });
  }
  first.sort((a, b) => b.ms - a.ms);
  for (const { bait } of first.slice(0, LOOKED_AT)) {
    let least = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < TRIES; attempt += 1)
      least = Math.min(least, await measure(reader, textOf(bait), threadFolder));
    yield { reader: reader.name, bait, ms: least };
  }
}

/** What passes while others have the processor is none of the reader's. */
async function measure(reader: OutsideReader, text: string, threadFolder: string): Promise<number> {
  const read = (reader.prepareAsked ?? reader.prepare)(text, threadFolder);
  let isOver = false;
  let longest = 0;
  let last = ownMs();
  const turn = (): void => {
    const now = ownMs();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  try {
    await read();
  } catch {
    // Refused, which is an answer too.
  }
  isOver = true;
  await new Promise<void>((resolve) => setImmediate(resolve));
  return Math.max(longest, ownMs() - last);
}
