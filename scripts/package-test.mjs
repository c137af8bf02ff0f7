// @ts-check
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { announce, runScript, SetupError } from './announce.mjs';
import { repositoryRoot } from './build.mjs';
import { buildDist } from './dist-build.mjs';
import { onNpmGone } from './npm-watch.mjs';
import { exitCodeOf, runCommand } from './run-command.mjs';

/** What the tests can do without a virtual display, which only Linux has. */
const TESTS_ELSEWHERE = ['tests/e2e/packaged/package.test.ts'];

/** Until the tests run there is nobody to pass a signal on to. @type {(signal: NodeJS.Signals) => void} */
let onSignal = (signal) => process.exit(exitCodeOf(null, signal));
for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => onSignal(signal));
}
if (process.env.npm_lifecycle_event !== undefined) onNpmGone(() => onSignal('SIGTERM'));

// Packs the app, installs it into a clean folder and runs the end-to-end tests on it there.
await runScript(async () => {
  const isLinux = process.platform === 'linux';
  const { apps, packages } = await buildDist({ isUnpacked: true, isArchived: isLinux });
  const [app] = apps;
  if (app === undefined) throw new SetupError('electron-builder packed nothing', 1);
  const executable = isLinux ? await install(packages[0] ?? '') : app.executable;
  announce(`testing ${executable}`);
  const chosen = process.argv.slice(2);
  return runTests(executable, chosen.length > 0 || isLinux ? chosen : TESTS_ELSEWHERE);
});

/**
 * @param {string} archive
 * @returns {Promise<string>} The installed executable.
 */
async function install(archive) {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-installed-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const target = path.join(folder, 'porthole');
  mkdirSync(target);
  const { exitCode, output } = await runCommand('tar', [
    '-xzf',
    archive,
    '-C',
    target,
    '--strip-components=1',
  ]);
  if (exitCode !== 0) throw new SetupError(`${archive} could not be unpacked: ${output}`, 1);
  return path.join(target, 'porthole');
}

/**
 * @param {string} executable
 * @param {string[]} args For vitest.
 * @returns {Promise<number>} Its exit code.
 */
function runTests(executable, args) {
  const command = [path.join(repositoryRoot, 'scripts/test.mjs'), '--project', 'e2e', ...args];
  const env = { ...process.env, PORTHOLE_APP: executable };
  const child = spawn(process.execPath, command, { cwd: repositoryRoot, env, stdio: 'inherit' });
  onSignal = (signal) => child.kill(signal);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
}
