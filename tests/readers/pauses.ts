import type { OutsideReader } from './outside-reader.ts';

const LONGEST = 1024 * 1024;
const TRIES = 3;
/** So many baits are looked at more closely. */
const LOOKED_AT = 3;

/** The longest time for which nothing else had its turn while a reader was given as much of a bait as it can get. */
export interface Pause {
  readonly reader: string;
  readonly bait: string;
  readonly ms: number;
}

/**
 * The longest pauses of a reader: every bait is tried once, those with which it stood still the longest three times, of
 * which the middle one counts. `builtFolder` is where the app was built, whose threads are used.
 */
export async function* measurePauses(reader: OutsideReader, builtFolder: string): AsyncIterable<Pause> {
  if (reader.isOfManyTurns) return;
  const textOf = (bait: string): string => reader.baits[bait]?.(Math.min(reader.mostBytes, LONGEST)) ?? '';
  const first: Pause[] = [];
  for (const bait of Object.keys(reader.baits)) {
    first.push({ reader: reader.name, bait, ms: await measure(reader, textOf(bait), builtFolder) });
  }
  first.sort((a, b) => b.ms - a.ms);
  for (const { bait } of first.slice(0, LOOKED_AT)) {
    const tries: number[] = [];
    for (let attempt = 0; attempt < TRIES; attempt += 1)
      tries.push(await measure(reader, textOf(bait), builtFolder));
    tries.sort((a, b) => a - b);
    yield { reader: reader.name, bait, ms: tries[Math.floor(TRIES / 2)] ?? 0 };
  }
}

async function measure(reader: OutsideReader, text: string, builtFolder: string): Promise<number> {
  const read = reader.asked ? () => reader.asked?.(text, builtFolder) : reader.prepare(text);
  let isOver = false;
  let longest = 0;
  let last = performance.now();
  const turn = (): void => {
    const now = performance.now();
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
  return Math.max(longest, performance.now() - last);
}
