import { z } from 'zod';
import { writeOwnFile } from '../files/own-file.ts';
import { readSmallFile } from '../files/small-file.ts';

const toldSchema = z.array(z.string());
/** Many times of what there is to be told. */
const MAX_BYTES = 16 * 1024;

/**
 * Whether `subject` has yet to be told to the person at the machine; from this call on it counts as told, in `file`.
 * What cannot be kept is told again another time.
 */
export async function claimFirstTelling(file: string, subject: string): Promise<boolean> {
  const told = readTold(file);
  if (told.includes(subject)) return false;
  try {
    await writeOwnFile(file, `${JSON.stringify([...told, subject])}\n`);
  } catch {
    // Said in the docstring: it is told once more, which harms nobody.
  }
  return true;
}

function readTold(file: string): string[] {
  try {
    return toldSchema.parse(JSON.parse(readSmallFile(file, MAX_BYTES).toString()));
  } catch {
    return [];
  }
}
