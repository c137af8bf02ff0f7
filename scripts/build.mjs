// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { announce, runScript, SetupError } from './announce.mjs';

/** What a change of means that `dist/` is out of date. */
const INPUTS = [
  'assets',
  'package-lock.json',
  'package.json',
  'scripts/build.mjs',
  'scripts/bundles.mjs',
  'src-main',
  'src-renderer',
  'src-shared',
  'tsconfig.json',
];

/** The repository that this file belongs to. */
export const repositoryRoot = path.resolve(fileURLToPath(import.meta.url), '../..');

/**
 * Makes `dist/` agree with the sources. Each folder of it is built beside its final place and moved
 * there when complete, so that a build that fails or is killed leaves the last good one in use.
 * @param {object} [options]
 * @param {string} [options.root]
 * @param {boolean} [options.ifStale] Do nothing when the sources are those that `dist/` was built from.
 * @returns {Promise<boolean>} Whether anything was built.
 */
export async function build({ root = repositoryRoot, ifStale = false } = {}) {
  const stampFile = path.join(root, 'dist/.sources');
  const fingerprint = await fingerprintSources(root);
  if (
    ifStale &&
    readIfThere(stampFile) === fingerprint &&
    existsSync(path.join(root, 'dist/main/start.cjs'))
  ) {
    return false;
  }
  if (!existsSync(path.join(root, 'src-main/start.ts'))) {
    throw new SetupError(`there is nothing to build: ${path.join(root, 'src-main/start.ts')} is missing`);
  }
  announce('building the app');
  const startedAtMs = Date.now();
  await rm(stampFile, { force: true });
  await fillDist(root);
  await writeFile(stampFile, fingerprint);
  announce(`built the app in ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`);
  return true;
}

/**
 * @param {string} root
 */
async function fillDist(root) {
  // Loaded late: the common case is that nothing needs building, and vite takes half a second to load.
  const [vite, { listBundles }] = await Promise.all([import('vite'), import('./bundles.mjs')]);
  const dist = path.join(root, 'dist');
  const bundles = listBundles(root);
  const assets = path.join(root, 'assets');
  const names = new Set(bundles.map(({ name }) => name));
  if (existsSync(assets)) names.add('assets');
  const staged = new Map([...names].map((name) => [name, path.join(dist, `.${name}-${process.pid}`)]));
  try {
    for (const folder of staged.values()) await mkdir(folder, { recursive: true });
    for (const { name, config } of bundles) await vite.build(config(stagedFolder(staged, name)));
    if (names.has('assets')) await cp(assets, stagedFolder(staged, 'assets'), { recursive: true });
    for (const [name, folder] of staged) await moveIntoPlace(folder, path.join(dist, name));
  } finally {
    for (const folder of staged.values()) await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {Map<string, string>} staged
 * @param {string} name
 */
function stagedFolder(staged, name) {
  const folder = staged.get(name);
  if (folder === undefined) throw new Error(`no folder was staged for ${name}`);
  return folder;
}

/**
 * @param {string} from
 * @param {string} to
 */
async function moveIntoPlace(from, to) {
  const previous = `${from}-previous`;
  if (existsSync(to)) await rename(to, previous);
  await rename(from, to);
  await rm(previous, { recursive: true, force: true });
}

/**
 * A digest of the names, sizes and modification times of everything that goes into `dist/`: it changes
 * too when a file is removed or replaced by an older one.
 * @param {string} root
 * @returns {Promise<string>}
 */
export async function fingerprintSources(root) {
  /** @type {string[]} */
  const lines = [];
  for (const input of INPUTS) {
    const absolute = path.join(root, input);
    if (!existsSync(absolute)) continue;
    const info = await stat(absolute);
    const files = info.isDirectory() ? await listFiles(absolute) : [absolute];
    for (const file of files) {
      const { size, mtimeMs } = await stat(file);
      lines.push(`${path.relative(root, file)} ${size} ${mtimeMs}`);
    }
  }
  return createHash('sha256').update(lines.sort().join('\n')).digest('hex');
}

/**
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
async function listFiles(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

/**
 * @param {string} file
 * @returns {string | undefined}
 */
function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await runScript(async () => {
    await build({ ifStale: process.argv.includes('--if-stale') });
    return 0;
  });
}
