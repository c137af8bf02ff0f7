import { rmSync } from 'node:fs';
import { readSmallFile } from '../files/small-file.ts';
import { writeWhole } from './write-whole.ts';

/** How a run of the agent ended that was not meant to, left in the data folder for its next start. */
export interface FallMark {
  /** It stopped answering and its guardian ended it, or it ended itself after an error that nobody had foreseen. */
  readonly kind: 'stalled' | 'failed';
  /** Wall time. */
  readonly atMs: number;
  /** Whether nobody started it again, since that had been done too often. */
  readonly staysDown: boolean;
}

/** Many times of what a mark takes. */
const MAX_BYTES = 16 * 1024;

/** Leaves a mark. */
export function writeFallMark(file: string, mark: FallMark): void {
  writeWhole(file, `${JSON.stringify(mark)}\n`);
}

/** The mark that the run before this one left, or null. */
export function readFallMark(file: string): FallMark | null {
  try {
    const mark: unknown = JSON.parse(readSmallFile(file, MAX_BYTES).toString());
    if (typeof mark !== 'object' || mark === null || !('atMs' in mark && 'kind' in mark)) return null;
    const { atMs, kind } = mark;
    if (typeof atMs !== 'number' || (kind !== 'stalled' && kind !== 'failed')) return null;
    return { kind, atMs, staysDown: 'staysDown' in mark && mark.staysDown === true };
  } catch {
    return null;
  }
}

/** Takes the mark away, once what it says is on record. */
export function removeFallMark(file: string): void {
  rmSync(file, { force: true });
}
