// @ts-check
import { spawn } from 'node:child_process';

/**
 * What a finished command left behind.
 * @typedef {object} CommandResult
 * @property {number} exitCode 128 plus the signal's number, as a shell says it, if a signal ended it; 127 if it could not be started.
 * @property {string} output Standard output and standard error as they came.
 * @property {string} stdout Standard output alone.
 */

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/**
 * Runs a command to its end without a shell and collects what it prints; prints nothing itself. The
 * command ends with this process. Never rejects: a command that cannot be started is a result like any
 * other.
 * @param {string} command
 * @param {string[]} args
 * @param {object} [options]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {string} [options.cwd] The folder that it runs in; this process's own unless told.
 * @returns {Promise<CommandResult>}
 */
export function runCommand(command, args, { env = process.env, cwd } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, cwd, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    running.add(child);
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
      output += text;
    });
    /** @param {number} exitCode */
    const finish = (exitCode) => {
      running.delete(child);
      resolve({ exitCode, output, stdout });
    };
    child.on('error', (error) => {
      output += error.message;
      finish(127);
    });
    child.on('close', (code, signal) => finish(exitCodeOf(code, signal)));
  });
}

const SIGNAL_NUMBERS = /** @type {Record<string, number>} */ ({
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
});

/**
 * The exit code to pass on for a process that ended: its own, or 128 plus the number of the signal.
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 * @returns {number}
 */
export function exitCodeOf(code, signal) {
  if (code !== null) return code;
  return 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0);
}
