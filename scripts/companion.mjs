// @ts-check
import { spawn, spawnSync } from 'node:child_process';

/**
 * A program that runs beside us and ends with us.
 * @typedef {object} Companion
 * @property {import('node:child_process').ChildProcess} child
 * @property {() => Promise<void>} stop Ends it, by force if it takes longer than two seconds; resolves when it is gone.
 */

const FORCE_AFTER_MS = 2_000;

/** @type {Set<import('node:child_process').ChildProcess>} */
const companions = new Set();
process.on('exit', () => {
  for (const child of companions) child.kill('SIGTERM');
});

/** @type {boolean | undefined} */
let canBindToParent;

/**
 * Starts a program in a session of its own, where the terminal's Ctrl-C and hang-up do not reach it (we
 * pass on what it should hear), and with the kernel's promise to send it SIGTERM should we be killed.
 * On systems without `setpriv` (macOS, BusyBox) that promise is missing.
 * @param {string} command
 * @param {string[]} args
 * @param {object} options
 * @param {NodeJS.ProcessEnv} options.env
 * @param {import('node:child_process').StdioOptions} options.stdio
 * @param {boolean} [options.endsWithParent] Whether it is sent SIGTERM when we are killed; it is unless told.
 * @returns {Companion}
 */
export function startCompanion(command, args, { env, stdio, endsWithParent = true }) {
  canBindToParent ??=
    process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true']).status === 0;
  const line = [command, ...args];
  if (endsWithParent && canBindToParent) line.unshift('setpriv', '--pdeathsig', 'TERM');
  const [program = command, ...rest] = line;
  // On Windows a session of its own would be a console window of its own.
  const child = spawn(program, rest, { env, stdio, detached: process.platform !== 'win32' });
  companions.add(child);
  const ended = new Promise((resolve) => {
    child.once('close', resolve);
    child.once('error', resolve);
  }).then(() => {
    companions.delete(child);
  });
  return {
    child,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const force = setTimeout(() => child.kill('SIGKILL'), FORCE_AFTER_MS);
      await ended;
      clearTimeout(force);
    },
  };
}
