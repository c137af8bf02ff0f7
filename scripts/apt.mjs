// @ts-check
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { announce, SetupError, withProgress } from './announce.mjs';
import { chooseCandidates } from './debian-packages.mjs';
import { exitCodeOf, runCommand } from './run-command.mjs';

const LISTS_FOLDER = '/var/lib/apt/lists';
const LISTS_GOOD_FOR_MS = 7 * 24 * 60 * 60 * 1000;
const PROGRESS_EVERY_MS = 10_000;
/** Put before a command, because sudo passes no environment on. */
const ENVIRONMENT = ['env', 'DEBIAN_FRONTEND=noninteractive', 'LC_ALL=C'];

/**
 * Whether this system installs its software with apt.
 * @returns {boolean}
 */
export function hasApt() {
  return existsSync('/usr/bin/apt-get');
}

/**
 * How to run a command as root without asking anybody: as it is, or with sudo.
 * @returns {Promise<string[] | undefined>} What to put before the command; undefined if there is no way.
 */
export async function findRootPrefix() {
  if (process.getuid?.() === 0) return [];
  // In a session of its own, as apt will run: a password given in this terminal would not count there.
  const { exitCode } = await runCommand('setsid', ['--wait', 'sudo', '-n', 'true']);
  return exitCode === 0 ? ['sudo', '-n'] : undefined;
}

/**
 * The line that a person types to install what is missing.
 * @param {readonly (readonly string[])[]} wanted Alternative names of each package.
 * @returns {Promise<string>}
 */
export async function aptCommandToType(wanted) {
  const { packages, unknown } = await findCandidates(wanted);
  return `sudo apt-get update && sudo apt-get install --no-install-recommends ${[...packages, ...unknown].join(' ')}`;
}

/**
 * Installs packages with apt-get, saying so, and says how far it is while it takes long. What apt began
 * it finishes even if this process is ended meanwhile, so that no half-configured package stays behind.
 * @param {readonly (readonly string[])[]} wanted Alternative names of each package, the first that this
 *   release has is taken; those it does not know at all are said and left out.
 * @param {string[]} rootPrefix From `findRootPrefix`.
 * @throws {SetupError} When apt-get fails.
 */
export async function aptInstall(wanted, rootPrefix) {
  if (areListsOld()) await aptUpdate(rootPrefix);
  let { packages, unknown } = await findCandidates(wanted);
  if (unknown.length > 0 && !hasUpdatedLists) {
    await aptUpdate(rootPrefix);
    ({ packages, unknown } = await findCandidates(wanted));
  }
  if (unknown.length > 0) announce(`apt knows no package ${unknown.join(', ')}; going on without`);
  if (packages.length === 0) return;
  announce(`installing with apt-get: ${packages.join(' ')}`);
  await runInstall(packages, rootPrefix).catch(async (error) => {
    // Most often the lists name versions that the archive has replaced.
    if (hasUpdatedLists) throw error;
    await aptUpdate(rootPrefix);
    await runInstall(packages, rootPrefix);
  });
}

/** Whether this process has updated the package lists. */
let hasUpdatedLists = false;

/**
 * @returns {boolean}
 */
function areListsOld() {
  try {
    const lists = readdirSync(LISTS_FOLDER).filter((name) => name.includes('_Packages'));
    return lists.length === 0 || Date.now() - statSync(LISTS_FOLDER).mtimeMs > LISTS_GOOD_FOR_MS;
  } catch {
    return true;
  }
}

/**
 * @param {string[]} rootPrefix
 */
async function aptUpdate(rootPrefix) {
  hasUpdatedLists = true;
  const { exitCode, output } = await withProgress(
    'updating the package lists (apt-get update)',
    runApt(['update'], rootPrefix),
  );
  // One source out of reach must not stop what the others can give.
  if (exitCode !== 0) announce(`apt-get update failed: ${lastLines(output, 1)}`);
}

/**
 * @param {string[]} packages
 * @param {string[]} rootPrefix
 */
async function runInstall(packages, rootPrefix) {
  const startedAtMs = Date.now();
  const args = ['install', '--yes', '--no-install-recommends', '-o', 'APT::Status-Fd=1', ...packages];
  let { exitCode, output } = await runApt(args, rootPrefix);
  if (exitCode !== 0 && output.includes('dpkg --configure -a')) {
    announce('an earlier installation was interrupted; finishing it (dpkg --configure -a)');
    await runToTheEnd([...rootPrefix, ...ENVIRONMENT, 'dpkg', '--configure', '-a']);
    ({ exitCode, output } = await runApt(args, rootPrefix));
  }
  if (exitCode !== 0) {
    throw new SetupError(`apt-get install ended with code ${exitCode}:\n${lastLines(output, 15)}`, 1);
  }
  announce(`installed in ${Math.round((Date.now() - startedAtMs) / 1000)} s`);
}

/**
 * What a line of apt's status channel says about the progress, for people.
 * The channel's format: `README.progress-reporting` of apt.
 * @param {string} line
 * @returns {string | undefined} Undefined for lines of other kinds.
 */
export function parseAptProgress(line) {
  const match = /^(dlstatus|pmstatus):[^:]*:([\d.]+):/.exec(line);
  if (match === null) return undefined;
  return `${match[1] === 'dlstatus' ? 'downloaded' : 'installed'} ${Math.round(Number(match[2]))} %`;
}

/**
 * @param {string[]} args
 * @param {string[]} rootPrefix
 */
function runApt(args, rootPrefix) {
  const patience = ['-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3'];
  return runToTheEnd([...rootPrefix, ...ENVIRONMENT, 'apt-get', ...patience, ...args]);
}

/**
 * Runs a command that finishes what it began even if this process is ended meanwhile: in a session of its
 * own, away from the terminal's Ctrl-C, and printing into a file, since a closed pipe would end it too.
 * @param {string[]} line
 * @returns {Promise<{ exitCode: number, output: string }>}
 */
async function runToTheEnd([command = '', ...args]) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'porthole-apt-'));
  const file = path.join(folder, 'output');
  const descriptor = openSync(file, 'a');
  const child = spawn(command, args, { stdio: ['ignore', descriptor, descriptor], detached: true });
  closeSync(descriptor);
  const timer = setInterval(() => {
    const progress = readFileSync(file, 'utf8').split('\n').map(parseAptProgress).findLast(Boolean);
    if (progress !== undefined) announce(`… ${progress}`);
  }, PROGRESS_EVERY_MS);
  const exitCode = await new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
  clearInterval(timer);
  const output = readFileSync(file, 'utf8');
  rmSync(folder, { recursive: true, force: true });
  return { exitCode, output };
}

/**
 * @param {readonly (readonly string[])[]} wanted
 */
async function findCandidates(wanted) {
  const { stdout } = await runCommand('apt-cache', ['policy', ...wanted.flat()], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  return chooseCandidates(wanted, `${stdout}\n`);
}

/**
 * @param {string} output
 * @param {number} count
 * @returns {string}
 */
function lastLines(output, count) {
  const lines = output
    .split('\n')
    .filter((line) => line.trim() !== '' && parseAptProgress(line) === undefined);
  return lines.slice(-count).join('\n');
}
