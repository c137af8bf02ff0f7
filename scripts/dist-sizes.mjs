// @ts-check
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * A part of a packaged app and what it takes on disk.
 * @typedef {object} PartSize
 * @property {string} name
 * @property {number} bytes
 */

/**
 * What a packaged app consists of and how large each part is: together all of its files.
 * @param {string} folder Of the unpacked app.
 * @returns {PartSize[]}
 */
export function measurePackagedApp(folder) {
  const sizes = { electron: 0, archive: 0, native: 0, licenses: 0 };
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const relative = path.relative(folder, file).replaceAll(path.sep, '/');
    sizes[partOf(relative)] += measureFile(file);
  }
  return [
    { name: 'Electron', bytes: sizes.electron },
    { name: 'the app (app.asar)', bytes: sizes.archive },
    { name: 'native parts', bytes: sizes.native },
    { name: 'licenses', bytes: sizes.licenses },
  ];
}

/**
 * @param {string} file
 * @returns {'electron' | 'archive' | 'native' | 'licenses'}
 */
function partOf(file) {
  if (file.endsWith('/app.asar')) return 'archive';
  if (file.includes('/app.asar.unpacked/')) return 'native';
  return path.posix.basename(file).startsWith('LICENSE') ? 'licenses' : 'electron';
}

/**
 * @param {string} file
 * @returns {number} Bytes.
 */
export function measureFile(file) {
  return statSync(file).size;
}

/**
 * @param {number} bytes
 * @returns {string} In megabytes of a million bytes, as shops and download pages count.
 */
export function formatBytes(bytes) {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
