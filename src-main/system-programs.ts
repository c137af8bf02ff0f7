import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

/** Where systems keep their programs, wherever the agent's own PATH leads. */
const USUAL_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
const ROOT = 0;

/**
 * The environment for programs of the system that the agent itself starts: nothing but the way to them, through folders
 * in which this user can put no other in their place. A program that a command has left in a folder of the user's own,
 * which often comes first in PATH, would otherwise be started as the agent's, outside of what holds commands.
 */
export function systemEnvironment(searched = process.env.PATH ?? ''): { readonly PATH: string } {
  const folders = new Set([...searched.split(':'), ...USUAL_FOLDERS]);
  return { PATH: [...folders].filter(isOutOfReach).join(':') };
}

/** Whether neither a folder nor what leads to it can be changed by this user, or by others who are not root. */
function isOutOfReach(folder: string): boolean {
  if (!path.isAbsolute(folder)) return false;
  try {
    let place = realpathSync(folder);
    if (mayChange(place, false)) return false;
    while (place !== path.dirname(place)) {
      place = path.dirname(place);
      if (mayChange(place, true)) return false;
    }
    return true;
  } catch {
    // It is not there.
    return false;
  }
}

/** In a sticky folder nobody moves what belongs to others; but everybody can put something new there. */
function mayChange(folder: string, isAbove: boolean): boolean {
  const { uid, mode } = statSync(folder);
  const user = process.geteuid?.() ?? ROOT;
  if (uid === user && user !== ROOT) return true;
  if (isAbove && (mode & STICKY) !== 0) return false;
  // What root does to its own is nobody else's doing.
  if (user === ROOT) return uid !== ROOT || (mode & OTHERS_WRITE) !== 0;
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
