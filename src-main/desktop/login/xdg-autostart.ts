import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeSharedFile } from '../../files/own-file.ts';
import { readSmallFile } from '../../files/small-file.ts';
import { isOwnEntry, isSwitchedOff, writeAutostartEntry } from './autostart-entry.ts';
import type { LoginPlace } from './login-item.ts';

const MAX_BYTES = 64 * 1024;

/**
 * The person's autostart folder, on Linux: `file` in it starts `command`. An entry that the agent did not make is
 * neither changed nor removed.
 */
export function xdgAutostart(file: string, command: readonly string[]): LoginPlace {
  const read = (): string | null => {
    if (!existsSync(file)) return '';
    try {
      return readSmallFile(file, MAX_BYTES).toString();
    } catch {
      // Larger than any that the agent made, or not for it to read.
      return null;
    }
  };
  return {
    set: async (isOn) => {
      const before = read();
      const after = writeAutostartEntry(command);
      if (before === '' || (before !== null && isOwnEntry(before))) {
        if (isOn && before !== after) {
          mkdirSync(path.dirname(file), { recursive: true });
          await writeSharedFile(file, after);
        } else if (!isOn) {
          rmSync(file, { force: true });
        }
        return null;
      }
      return isOn ? `${file} is an entry that Porthole did not make, and is left as it is.` : null;
    },
    isSwitchedOff: () => {
      const entry = read();
      return entry !== null && isSwitchedOff(entry);
    },
  };
}
