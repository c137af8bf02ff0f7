// @ts-check
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { judge } from '../report/result.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const MEGABYTE = 1_000_000;

/**
 * What an installed app has besides Electron: the packages that are not for development alone, on this platform, and the
 * built app.
 * @returns {Promise<import('./observe.mjs').Result[]>}
 */
export async function measureInstalledTree() {
  /** @type {{ packages: Record<string, { dev?: boolean }> }} */
  const lock = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'));
  const installed = Object.entries(lock.packages)
    .filter(([folder, { dev }]) => folder !== '' && !dev && existsSync(path.join(ROOT, folder)))
    .map(([folder]) => folder);
  const packages = installed.reduce((sum, folder) => sum + bytesBelow(path.join(ROOT, folder)), 0);
  const app = ['main', 'preload', 'renderer', 'assets'].reduce(
    (sum, part) => sum + bytesBelow(path.join(ROOT, 'dist', part)),
    0,
  );
  return [
    judge({
      id: 'installed-packages',
      what: 'node_modules of production',
      values: [packages / MEGABYTE],
      unit: 'MB',
      note: `${installed.length} packages`,
    }),
    judge({
      id: 'built-app',
      what: 'the built app, source maps aside',
      values: [app / MEGABYTE],
      unit: 'MB',
    }),
  ];
}

/**
 * @param {string} folder
 * @returns {number} Of all files in it but packages of its own and source maps.
 */
function bytesBelow(folder) {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const inside = path.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + bytesBelow(inside);
    return entry.name.endsWith('.map') ? sum : sum + statSync(inside).size;
  }, 0);
}
