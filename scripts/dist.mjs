// @ts-check
import path from 'node:path';
import { announce, runScript } from './announce.mjs';
import { repositoryRoot } from './build.mjs';
import { buildDist } from './dist-build.mjs';
import { readDistWish } from './dist-plan.mjs';
import { formatBytes, measureFile, measurePackagedApp } from './dist-sizes.mjs';

await runScript(async () => {
  const { isTestBuild, apps, packages } = await buildDist(readDistWish(process.argv.slice(2)));
  for (const { folder } of apps) printApp(folder);
  for (const file of packages) printSize(path.relative(repositoryRoot, file), measureFile(file));
  if (isTestBuild) {
    announce('this is a test build, not for distribution: its Electron is not the official one');
  }
  return 0;
});

/**
 * @param {string} folder
 */
function printApp(folder) {
  const parts = measurePackagedApp(folder);
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  printSize(path.relative(repositoryRoot, folder), total);
  for (const { name, bytes } of parts) printSize(`  ${name}`, bytes);
}

/**
 * @param {string} label
 * @param {number} bytes
 */
function printSize(label, bytes) {
  process.stdout.write(`${formatBytes(bytes).padStart(9)}  ${label}\n`);
}
