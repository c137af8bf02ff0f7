import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Puts `text` in the place of what `file` holds, readable to its owner alone. At any moment, after a crash too, there
 * is the old content or the new one, whole; if it throws, there is the old one. A link stays a link.
 */
export function replaceFile(file: string, text: string): void {
  const target = followLinks(file);
  const temporary = `${target}.tmp`;
  // One that an agent left behind which was killed while writing.
  rmSync(temporary, { force: true });
  try {
    writeDurably(temporary, text);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function writeDurably(file: string, text: string): void {
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeFileSync(descriptor, text);
    // Before the rename: else a power cut can leave the new name with nothing in it.
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function followLinks(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}
