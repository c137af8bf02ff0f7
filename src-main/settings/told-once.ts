import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeOwnFile } from '../files/own-file.ts';

const toldSchema = z.array(z.string());

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
    return toldSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return [];
  }
}
