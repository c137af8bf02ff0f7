// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { userCacheFolder } from './cache-folder.mjs';

const PROBE_LIMIT_MS = 5_000;
const REMEMBERED_FOR_MS = 24 * 60 * 60 * 1000;

/**
 * Where the electron package's downloader will fetch the official Electron from: its release site, or
 * the mirror that `ELECTRON_MIRROR` or npm's configuration names.
 * @param {object} target
 * @param {string} target.version Without a `v`.
 * @param {string} [target.platform]
 * @param {string} [target.arch]
 * @param {NodeJS.ProcessEnv} [target.env]
 * @returns {string} The URL of the zip file.
 */
export function releaseUrl({ version, platform = process.platform, arch = process.arch, env = process.env }) {
  const mirror =
    env.npm_config_electron_mirror ||
    env.NPM_CONFIG_ELECTRON_MIRROR ||
    env.ELECTRON_MIRROR ||
    'https://github.com/electron/electron/releases/download/';
  const folder = env.npm_config_electron_custom_dir || env.ELECTRON_CUSTOM_DIR || `v${version}`;
  return `${mirror}${folder.replace('{{ version }}', version)}/electron-v${version}-${platform}-${arch}.zip`;
}

/**
 * Whether the downloader has this file already, so that no network is needed.
 * Its cache's layout: https://github.com/electron/get#how-the-cache-works
 * @param {string} url
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {boolean}
 */
export function isInDownloadCache(url, env = process.env) {
  const cacheRoot =
    env.electron_config_cache ||
    (process.platform === 'win32'
      ? path.join(userCacheFolder(env), 'electron', 'Cache')
      : path.join(userCacheFolder(env), 'electron'));
  try {
    const folderUrl = new URL('.', url).href.replace(/\/$/, '');
    const folder = createHash('sha256').update(folderUrl).digest('hex');
    return existsSync(path.join(cacheRoot, folder, path.posix.basename(new URL(url).pathname)));
  } catch {
    return false;
  }
}

/**
 * Whether `url` can be had, asked at most once a day: a network that drops packets costs five seconds
 * then, and none until the next day.
 * @param {object} options
 * @param {string} options.url
 * @param {string} options.cacheFolder Where the answer is remembered.
 * @param {() => number} [options.now] Milliseconds of the wall clock.
 * @param {(url: string, limitMs: number) => Promise<boolean>} [options.probe]
 * @returns {Promise<boolean>}
 */
export async function isReleaseReachable({ url, cacheFolder, now = Date.now, probe = answersInTime }) {
  const file = memoryFile(cacheFolder);
  const remembered = recall(file);
  if (remembered?.url === url) {
    const ageMs = now() - remembered.checkedAtMs;
    if (ageMs >= 0 && ageMs < REMEMBERED_FOR_MS) return remembered.reachable;
  }
  const reachable = await probe(url, PROBE_LIMIT_MS);
  rememberRelease({ url, cacheFolder, reachable, now });
  return reachable;
}

/**
 * Makes `reachable` the answer for the next day.
 * @param {object} options
 * @param {string} options.url
 * @param {string} options.cacheFolder
 * @param {boolean} options.reachable
 * @param {() => number} [options.now] Milliseconds of the wall clock.
 */
export function rememberRelease({ url, cacheFolder, reachable, now = Date.now }) {
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(memoryFile(cacheFolder), JSON.stringify({ url, reachable, checkedAtMs: now() }));
}

/**
 * Asks for the file's headers, redirects included: the site and the host that it hands downloads to are
 * often not blocked alike. Never rejects.
 * @param {string} url
 * @param {number} limitMs For everything together.
 * @returns {Promise<boolean>}
 */
export async function answersInTime(url, limitMs) {
  try {
    const response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(limitMs) });
    // 405: a mirror that does not know HEAD is there all the same.
    return response.ok || response.status === 405;
  } catch {
    return false;
  }
}

/**
 * @param {string} cacheFolder
 */
function memoryFile(cacheFolder) {
  return path.join(cacheFolder, 'electron-release-site.json');
}

/**
 * @param {string} file
 * @returns {{ url: string, reachable: boolean, checkedAtMs: number } | undefined} Undefined too for a
 *   file that is not what we wrote.
 */
function recall(file) {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8'));
    const isOurs =
      typeof value.url === 'string' &&
      typeof value.reachable === 'boolean' &&
      typeof value.checkedAtMs === 'number';
    return isOurs ? value : undefined;
  } catch {
    return undefined;
  }
}
