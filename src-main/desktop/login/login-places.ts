import { homedir } from 'node:os';
import { app } from 'electron';
import type { DataFolder } from '../../settings/data-folder.ts';
import { findAutostartFile } from './autostart-entry.ts';
import type { LoginPlace } from './login-item.ts';
import { xdgAutostart } from './xdg-autostart.ts';

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

/** The system's own list of what starts at login, on macOS and Windows. */
function systemLoginItems(args: readonly string[]): LoginPlace {
  return {
    set: async (isOn) => {
      app.setLoginItemSettings({ openAtLogin: isOn, args: [...args] });
      const { openAtLogin } = app.getLoginItemSettings({ args: [...args] });
      return openAtLogin === isOn ? null : 'The system did not take it; look at its own list of login items.';
    },
    isSwitchedOff: () => false,
  };
}
