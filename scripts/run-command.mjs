// @ts-check
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * What a finished command left behind.
 * @typedef {object} CommandResult
 * @property {number} exitCode 128 plus the signal's number, as a shell says it, if a signal ended it; 127 if it could not be started.
 * @property {string} output Standard output and standard error, line by line as they came.
 * @property {string} stdout Standard output alone.
 */

/** Commands that end with this process: see `outliveUs` for those that must not. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGTERM');
});

/**
 * Runs a command to its end without a shell and collects what it prints; prints nothing itself.
 * Never rejects: a command that cannot be started is a result like any other.
 * @param {string} command
 * @param {string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {(line: string) => void} [options.onLine] Called for each line of output as it comes.
 * @param {boolean} [options.outliveUs] The command must not be cut short, whatever happens to this
 *   process: it gets a process group of its own, out of reach of the terminal's Ctrl-C.
 * @returns {Promise<CommandResult>}
 */
export function runCommand(command, args, { cwd, env, onLine, outliveUs = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: outliveUs && process.platform !== 'win32',
      windowsHide: true,
    });
    if (!outliveUs) running.add(child);
    /** @type {string[]} */
    const lines = [];
    /** @type {string[]} */
    const stdoutLines = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      stdoutLines.push(line);
      onLine?.(line);
    });
    createInterface({ input: child.stderr }).on('line', (line) => {
      lines.push(line);
      onLine?.(line);
    });
    /** @param {number} exitCode */
    const finish = (exitCode) => {
      running.delete(child);
      resolve({ exitCode, output: lines.join('\n'), stdout: stdoutLines.join('\n') });
    };
    child.on('error', (error) => {
      lines.push(error.message);
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
