import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { app } from 'electron';
import type { DataFolder } from '../../settings/data-folder.ts';
import { replaceFile } from '../../settings/replace-file.ts';
import { findAutostartFile, isOwnEntry, isSwitchedOff, writeAutostartEntry } from './autostart-entry.ts';
import type { LoginPlace } from './login-item.ts';

/**
 * Where this system keeps what it starts at login, for the installed app that runs. `isGiven` says that the data folder
 * was named at the start, and so must be again.
 */
export function createLoginPlace(data: DataFolder, isGiven: boolean): LoginPlace {
  const args = isGiven ? ['--data-dir', data.folder] : [];
  if (process.platform !== 'linux') return systemLoginItems(args);
  // The path of an AppImage's own program is another at each start.
  const program = process.env.APPIMAGE ?? process.execPath;
  const sandbox = app.commandLine.hasSwitch('no-sandbox') ? ['--no-sandbox'] : [];
  const file = findAutostartFile(process.env, homedir(), data.folder, !isGiven);
  return xdgAutostart(file, [program, ...sandbox, ...args]);
}

/** The person's autostart folder, on Linux: `file` in it starts `command`. */
function xdgAutostart(file: string, command: readonly string[]): LoginPlace {
  const read = (): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  return {
    set: (isOn) => {
      const before = read();
      const after = writeAutostartEntry(command);
      if (isOn && before !== after) {
        mkdirSync(path.dirname(file), { recursive: true });
        replaceFile(file, after);
      } else if (!isOn && isOwnEntry(before)) {
        rmSync(file, { force: true });
      }
      return null;
    },
    isSwitchedOff: () => isSwitchedOff(read()),
  };
}

/** The system's own list of what starts at login, on macOS and Windows. */
function systemLoginItems(args: readonly string[]): LoginPlace {
  return {
    set: (isOn) => {
      app.setLoginItemSettings({ openAtLogin: isOn, args: [...args] });
      const { openAtLogin } = app.getLoginItemSettings({ args: [...args] });
      return openAtLogin === isOn ? null : 'The system did not take it; look at its own list of login items.';
    },
    isSwitchedOff: () => false,
  };
}
