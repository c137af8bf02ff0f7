// @ts-check
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { announce, runScript } from './announce.mjs';
import { build as buildApp, repositoryRoot } from './build.mjs';
import { assertOfficial, planDist, readDistWish, TEST_BUILD_NOTE, testBuildNote } from './dist-plan.mjs';
import { formatBytes, measureFile, measurePackagedApp } from './dist-sizes.mjs';
import { resolveElectronRuntime } from './electron-runtime.mjs';
import { collectLicenses, LICENSES_FILE } from './package-licenses.mjs';
import { packTarball } from './package-tarball.mjs';

/** What an unpacked Electron brings that has no place in an app. */
const ELECTRON_EXTRAS = ['app', 'default_app.asar', '../version', '../porthole-runtime.json'];

await runScript(async () => {
  const wish = readDistWish(process.argv.slice(2));
  const runtime = await resolveElectronRuntime(
    wish.isUnpacked
      ? {}
      : // Not fetched only to be refused.
        { ensureRegistryRuntime: async () => /** @type {never} */ (assertOfficial('registry')) },
  );
  if (!wish.isUnpacked) assertOfficial(runtime.kind);
  const manifest = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'));
  const plan = planDist(runtime, manifest.version);

  await buildApp({ ifStale: true });
  // Loaded late: a refusal must not wait for it.
  const { build, Platform } = await import('electron-builder');
  /** @type {string[]} */
  const unpacked = [];
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
        unpacked.push(appOutDir);
        const resources = packager.getResourcesDir(appOutDir);
        // An app of macOS is one folder; elsewhere licenses lie beside the executable, as Electron's own.
        const licenses = path.join(process.platform === 'darwin' ? resources : appOutDir, LICENSES_FILE);
        await writeFile(licenses, collectLicenses(repositoryRoot, path.join(resources, 'app.asar')));
        if (plan.isTestBuild) await writeFile(path.join(appOutDir, TEST_BUILD_NOTE), testBuildNote(runtime));
      },
    },
  });
  for (const folder of unpacked) {
    const name = `porthole-${plan.version}`;
    const archive = path.join(path.dirname(folder), `${name}-${process.platform}-${process.arch}.tar.gz`);
    if (wish.isArchived) packages.push(await packTarball(folder, name, archive));
    printSizes(folder, packages);
  }
  if (plan.isTestBuild) {
    announce(`this is a test build, not for distribution: its Electron is not the official one`);
  }
  return 0;
});

/**
 * @param {string} folder Of the unpacked app.
 * @param {string[]} packages
 */
function printSizes(folder, packages) {
  const parts = measurePackagedApp(folder);
  const lines = [
    ...parts.map(({ name, bytes }) => [`  ${name}`, bytes]),
    ['  in all', parts.reduce((sum, { bytes }) => sum + bytes, 0)],
    ...packages.map((file) => [path.relative(repositoryRoot, file), measureFile(file)]),
  ];
  const width = Math.max(...lines.map(([label]) => String(label).length));
  process.stdout.write(`${path.relative(repositoryRoot, folder)}\n`);
  for (const [label, bytes] of lines) {
    process.stdout.write(`${String(label).padEnd(width)}  ${formatBytes(Number(bytes)).padStart(9)}\n`);
  }
}
