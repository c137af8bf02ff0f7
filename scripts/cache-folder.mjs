// @ts-check
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/**
 * The folder, in the user's cache, where the scripts keep what they fetched and learned. Anything in
 * it may be deleted at any time; the next start makes it again. Not created here.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 * @returns {string}
 */
export function portholeCacheFolder(env = process.env, platform = process.platform) {
  return path.join(userCacheFolder(env, platform), 'porthole');
}

/**
 * The user's cache folder by the rules of each system: the XDG base directory specification (where a
 * relative `XDG_CACHE_HOME` does not count), `~/Library/Caches`, or `%LOCALAPPDATA%`.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 * @returns {string}
 */
export function userCacheFolder(env = process.env, platform = process.platform) {
  if (platform === 'win32') return env.LOCALAPPDATA || path.join(os.homedir(), 'AppData', 'Local');
  if (platform === 'darwin') return path.join(os.homedir(), 'Library', 'Caches');
  const xdg = env.XDG_CACHE_HOME;
  return xdg && path.isAbsolute(xdg) ? xdg : path.join(os.homedir(), '.cache');
}

/**
 * Puts a finished folder in its place, in one step, where another process may do the same at the same moment.
 * @param {string} from
 * @param {string} to What is there and is not good makes room.
 * @param {object} place
 * @param {(folder: string) => boolean} place.isGood Whether a folder is what is wanted there.
 * @param {string} place.discard On the same file system; takes what makes room. Must not exist.
 */
export async function moveIntoPlace(from, to, { isGood, discard }) {
  try {
    if (existsSync(to) && !isGood(to)) await rename(to, discard);
  } catch {
    // Another process has just made room. Should there be none, the next step says so.
  }
  try {
    await rename(from, to);
  } catch (error) {
    // Another process was faster, which is as good.
    if (!isGood(to)) throw error;
  }
}
