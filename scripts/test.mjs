// @ts-check
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { announce, runScript, SetupError } from './announce.mjs';
import { build, repositoryRoot } from './build.mjs';
import { portholeCacheFolder } from './cache-folder.mjs';
import { resolveElectronRuntime } from './electron-runtime.mjs';
import { ensureForeignTools } from './foreign-tools.mjs';
import { onNpmGone } from './npm-watch.mjs';
import { OwnHome } from './own-home.mjs';
import { copyInspectable } from './package-twin.mjs';
import { ensurePortalWlr } from './portal-wlr.mjs';
import { exitCodeOf } from './run-command.mjs';
import { ensureSystemPackages, findChrome, findFirefox } from './system-packages.mjs';
import { countTests, findFaults, formatCount, listFailed, listSkipped } from './test-report.mjs';

const REPORT_FILE = path.join(repositoryRoot, 'test-results/report.json');
/** None of what needs a real desktop may be skipped where there can be one. */
const END_TO_END_FOLDERS = ['tests/e2e', 'tests/foreign'].map((folder) => path.join(repositoryRoot, folder));
/** The configuration of the tests against programs of others. */
const FOREIGN_CONFIG = 'tests/foreign/vitest.config.ts';

/** Until vitest runs there is nobody to pass a signal on to. @type {(signal: NodeJS.Signals) => void} */
let onSignal = (signal) => process.exit(exitCodeOf(null, signal));
for (const signal of /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
  process.on(signal, () => onSignal(signal));
}
if (process.env.npm_lifecycle_event !== undefined) onNpmGone(() => onSignal('SIGTERM'));

await runScript(async () => {
  const args = process.argv.slice(2);
  const runsForeign = args.includes(FOREIGN_CONFIG);
  const env = includesEndToEnd(args) ? await prepareEndToEnd(runsForeign) : process.env;
  rmSync(REPORT_FILE, { force: true });
  const exitCode = await runVitest(args, env);
  const report = readReport(exitCode);
  const count = report
    ? countTests(report, END_TO_END_FOLDERS)
    : { passed: 0, failed: 1, skipped: 0, skippedEndToEnd: 0 };
  const isSelection = args.some((arg) => /^(-t|--testNamePattern)(=|$)/.test(arg));
  const faults = findFaults(count, { exitCode, platform: process.platform, isSelection });
  if (report && !isSelection) {
    const machine = `${process.platform}${process.getuid?.() === 0 ? ' as root' : ''}`;
    for (const line of listSkipped(report, repositoryRoot, machine)) process.stderr.write(`${line}\n`);
  }
  for (const fault of faults) process.stderr.write(`not good: ${fault}\n`);
  if (report) for (const line of listFailed(report, repositoryRoot)) process.stdout.write(`${line}\n`);
  process.stdout.write(`${formatCount(count)}\n`);
  return faults.length === 0 ? 0 : 1;
});

/**
 * @param {string[]} args What vitest will get.
 * @returns {boolean} Whether the end-to-end project is among what it runs.
 */
function includesEndToEnd(args) {
  const projects = args.flatMap((arg, index) => {
    if (arg.startsWith('--project=')) return [arg.slice('--project='.length)];
    return arg === '--project' ? [args[index + 1] ?? ''] : [];
  });
  return projects.length === 0 || projects.includes('e2e');
}

/**
 * @param {boolean} runsForeign
 * @returns {Promise<NodeJS.ProcessEnv>} Tells the tests which Electron and which browser to run.
 */
async function prepareEndToEnd(runsForeign) {
  if (process.env.PORTHOLE_APP) return preparePackaged(path.resolve(process.env.PORTHOLE_APP));
  const runtime = await resolveElectronRuntime();
  await ensureSystemPackages({
    electronExecutable: runtime.executable,
    needsVirtualDisplay: true,
    needsSessionBus: true,
    runsTests: true,
    runsForeign,
  });
  const foreign = runsForeign ? await prepareForeign(portholeCacheFolder()) : {};
  await build({ ifStale: true });
  return {
    ...process.env,
    ...foreign,
    ELECTRON_OVERRIDE_DIST_PATH: runtime.folder,
    PORTHOLE_TEST_ELECTRON: runtime.executable,
    PORTHOLE_TEST_CHROME: findChrome(),
    PORTHOLE_TEST_FIREFOX: findFirefox(),
  };
}

/**
 * @param {string} cacheFolder
 * @returns {Promise<NodeJS.ProcessEnv>} Tells the tests where the programs of others are that no package brings.
 */
async function prepareForeign(cacheFolder) {
  const env = { PORTHOLE_TEST_TOOLS: await ensureForeignTools({ cacheFolder }) };
  if (process.platform !== 'linux') return env;
  try {
    return { ...env, PORTHOLE_TEST_PORTAL_WLR: await ensurePortalWlr({ cacheFolder }) };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    // Of all these tests those in a Wayland session alone need it; they fail with the same words.
    announce(error.message);
    return { ...env, PORTHOLE_TEST_NO_PORTAL_WLR: error.message };
  }
}

/**
 * @param {string} executable Of the installed app that the end-to-end tests are to run.
 * @returns {Promise<NodeJS.ProcessEnv>} Tells them so, and of a copy that Playwright can drive.
 */
async function preparePackaged(executable) {
  if (!existsSync(executable)) throw new SetupError(`PORTHOLE_APP is ${executable}, but that is not there`);
  await ensureSystemPackages({
    electronExecutable: executable,
    needsVirtualDisplay: true,
    needsSessionBus: true,
    runsTests: true,
  });
  const browsers = { PORTHOLE_TEST_CHROME: findChrome(), PORTHOLE_TEST_FIREFOX: findFirefox() };
  const env = { ...process.env, PORTHOLE_TEST_APP: executable, ...browsers };
  // What the other systems run drives nothing.
  if (process.platform !== 'linux') return env;
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-inspectable-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return { ...env, PORTHOLE_TEST_INSPECTABLE_APP: await copyInspectable(executable, folder) };
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} Its exit code.
 */
function runVitest(args, env) {
  const packageFile = createRequire(import.meta.url).resolve('vitest/package.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT_FILE}`];
  const command = [path.join(path.dirname(packageFile), 'vitest.mjs'), 'run', ...reporters, ...args];
  // Whatever no test has given a home of its own is not at home with the user either, and ends with the tests.
  const home = OwnHome.make('tests');
  const { HOME, TMPDIR } = process.env;
  const child = home.spawn(process.execPath, command, {
    cwd: repositoryRoot,
    // Building has said `production` to this process, for which React leaves out what its tests need.
    env: { ...env, ...home.env, HOME, TMPDIR, NODE_ENV: 'test' },
    stdio: 'inherit',
  });
  onSignal = (signal) => child.kill(signal);
  /** @type {Promise<number>} */
  const exit = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
  return exit.finally(() => home.remove());
}

/**
 * @param {number} exitCode Of vitest.
 * @returns {import('./test-report.mjs').VitestReport | null} Null, which is said, if there is none.
 */
function readReport(exitCode) {
  if (existsSync(REPORT_FILE)) return JSON.parse(readFileSync(REPORT_FILE, 'utf8'));
  announce(`vitest ended with code ${exitCode} and left no report`);
  return null;
}
