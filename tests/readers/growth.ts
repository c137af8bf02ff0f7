import type { OutsideReader } from './outside-reader.ts';

/** How one reader does with one bait. */
export interface Growth {
  readonly reader: string;
  readonly bait: string;
  /** Milliseconds for each length, which is four times the one before; the last is as much as can come. */
  readonly steps: readonly { readonly length: number; readonly ms: number }[];
  /** How many times as long it took, for a text four times as long, where that was more than could be; else null. */
  readonly excess: number | null;
}

/** What is about to be read, so that whoever watches knows it if it never ends. */
export interface Step {
  readonly reader: string;
  readonly bait: string;
  readonly length: number;
}

const SHORTEST = 1024;
const LONGEST = 1024 * 1024;
/** Lengths are so many times the one before. */
const FACTOR = 4;
/** What takes less is not told from noise, and holds up nobody. */
const NOISE_MS = 20;
/** Four times the text may take four times as long; with the square of its length it would be sixteen. */
const MOST_TIMES = 9;
/** One try may have been disturbed, so many in a row are not. */
const TRIES = 5;
/** A measurement that is looked at closely takes so long in all, by repetition. */
const CLOSE_LOOK_MS = 60;

/**
 * Gives a reader each of its baits, four times as long each time, until it is as long as it can be, and finds out how
 * the time grows. Where it grows faster than the text this stops before it takes long. `threadFolder` holds the built
 * files of the product's threads; `onStep` hears of each step before it.
 */
export async function* walk(
  reader: OutsideReader,
  threadFolder: string,
  onStep: (step: Step) => Promise<void>,
): AsyncIterable<Growth> {
  const measure = (text: string): Promise<number> => measureOnce(reader, threadFolder, text);
  for (const [bait, make] of Object.entries(reader.baits)) {
    const steps: { length: number; ms: number }[] = [];
    let excess: number | null = null;
    for (const length of listLengths(reader)) {
      if (excess !== null) break;
      await onStep({ reader: reader.name, bait, length });
      const ms = await measure(make(length));
      const quarter = steps.at(-1);
      steps.push({ length, ms });
      const isSuspect = quarter !== undefined && ms > NOISE_MS && ms > (quarter.ms * MOST_TIMES) / 2;
      if (isSuspect) excess = await lookClosely(measure, make, length);
    }
    yield { reader: reader.name, bait, steps, excess };
  }
}

function listLengths({ mostBytes }: OutsideReader): number[] {
  const lengths: number[] = [];
  for (let length = Math.min(mostBytes, LONGEST); length >= SHORTEST; length = Math.floor(length / FACTOR))
    lengths.unshift(length);
  return lengths;
}

type Measure = (text: string) => Promise<number>;

/** The least of several ratios, if it is too much: noise makes a measurement longer, never shorter. */
async function lookClosely(
  measure: Measure,
  make: (length: number) => string,
  length: number,
): Promise<number | null> {
  let least = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const quarter = await measureClosely(measure, make(Math.floor(length / FACTOR)));
    const whole = await measureClosely(measure, make(length));
    least = Math.min(least, whole / quarter);
    if (least <= MOST_TIMES) return null;
  }
  return least;
}

async function measureClosely(measure: Measure, text: string): Promise<number> {
  let total = 0;
  let count = 0;
  while (total < CLOSE_LOOK_MS) {
    total += await measure(text);
    count += 1;
  }
  return total / count;
}

async function measureOnce(reader: OutsideReader, threadFolder: string, text: string): Promise<number> {
  const read = reader.prepare(text, threadFolder);
  const began = spentMs();
  try {
    await read();
  } catch {
    // Refused, which is an answer too.
  }
  return spentMs() - began;
}

/** How long this process has computed, which is all that it does: others do not count, as they would on a clock. */
function spentMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
