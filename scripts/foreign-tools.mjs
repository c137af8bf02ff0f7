// @ts-check
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SetupError, withProgress } from './announce.mjs';
import { moveIntoPlace } from './cache-folder.mjs';
import { FOREIGN_TOOLS } from './foreign-packages.mjs';
import { runCommand } from './run-command.mjs';

/**
 * The folder in whose `node_modules` the tools are that the tests against programs of others run: installed into the
 * cache first if they are not there or are others. Safe to call from several processes at once: each installs into a
 * folder of its own and moves it into place in one step.
 * @param {object} options
 * @param {string} options.cacheFolder
 * @param {readonly string[]} [options.tools] Names with exact versions.
 * @param {(tools: readonly string[], folder: string) => Promise<void>} [options.install] Puts them into the folder.
 * @returns {Promise<string>}
 * @throws {SetupError} When they cannot be installed.
 */
export async function ensureForeignTools({ cacheFolder, tools = FOREIGN_TOOLS, install = installWithNpm }) {
  const name = createHash('sha256').update(tools.join(' ')).digest('hex').slice(0, 12);
  const folder = path.join(cacheFolder, `foreign-tools-${name}`);
  if (areThere(folder, tools)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  // A name that is cleared away, an hour later, if nobody is left to do it: see registry-runtime.mjs.
  const workFolder = await mkdtemp(path.join(cacheFolder, '.unpacking-'));
  const removeWorkFolder = () => rmSync(workFolder, { recursive: true, force: true });
  process.once('exit', removeWorkFolder);
  try {
    const made = path.join(workFolder, 'made');
    await mkdir(made);
    await withProgress(
      `fetching tools that Porthole is tested with from the package registry: ${tools.join(', ')}`,
      install(tools, made),
    );
    if (!areThere(made, tools)) throw new SetupError(`${tools.join(', ')} are not what was installed`, 1);
    await moveIntoPlace(made, folder, {
      isGood: (one) => areThere(one, tools),
      discard: path.join(workFolder, 'damaged'),
    });
  } finally {
    process.off('exit', removeWorkFolder);
    await rm(workFolder, { recursive: true, force: true });
  }
  return folder;
}

/**
 * @param {string} folder
 * @param {readonly string[]} tools
 * @returns {boolean} Whether each is there in its version.
 */
function areThere(folder, tools) {
  return tools.every((tool) => {
    const at = tool.lastIndexOf('@');
    try {
      const file = path.join(folder, 'node_modules', tool.slice(0, at), 'package.json');
      return JSON.parse(readFileSync(file, 'utf8')).version === tool.slice(at + 1);
    } catch {
      return false;
    }
  });
}

/**
 * @param {readonly string[]} tools
 * @param {string} folder
 */
async function installWithNpm(tools, folder) {
  // Without one, npm would look for it in the folders above.
  await writeFile(path.join(folder, 'package.json'), '{"private":true}');
  const switches = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];
  const args = ['install', '--prefix', folder, ...switches, '--save-exact', ...tools];
  const { exitCode, output } = await runCommand('npm', args);
  if (exitCode === 0) return;
  const reason = output.trim().split('\n').pop() || `npm install ended with code ${exitCode}`;
  throw new SetupError(`could not install ${tools.join(', ')}: ${reason}`, 1);
}
