// @ts-check

// Who reads our output may go (`npm start 2>&1 | head -1`): that costs the output and nothing else.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

/**
 * Writes one line about the set-up to stderr. Standard output belongs to the app alone.
 * @param {string} message One sentence, without a line break.
 */
export function announce(message) {
  process.stderr.write(`porthole setup: ${message}\n`);
}

/**
 * Announces a step that may take long and, every ten seconds until it is done, that it still goes on.
 * @template T
 * @param {string} message
 * @param {Promise<T>} step
 * @returns {Promise<T>} What the step resolves to.
 */
export async function withProgress(message, step) {
  announce(message);
  const startedAtMs = Date.now();
  const timer = setInterval(() => {
    announce(`… ${Math.round((Date.now() - startedAtMs) / 1000)} s, still ${message}`);
  }, 10_000);
  try {
    return await step;
  } finally {
    clearInterval(timer);
  }
}

/**
 * A failure that the person at the keyboard can act on: shown as its message alone, without a stack
 * trace, and turned into `exitCode`.
 */
export class SetupError extends Error {
  /**
   * @param {string} message What is wrong and what to do about it.
   * @param {number} [exitCode] 2 (wrong use, or something the person must do first) unless told.
   */
  constructor(message, exitCode = 2) {
    super(message);
    this.name = 'SetupError';
    this.exitCode = exitCode;
  }
}

/**
 * Runs a script's main function and ends the process with its exit code. A `SetupError` is announced
 * in its own words; anything else is a bug and keeps its stack trace.
 * @param {() => Promise<number>} main Resolves to the exit code.
 * @returns {Promise<never>}
 */
export async function runScript(main) {
  try {
    process.exit(await main());
  } catch (error) {
    if (error instanceof SetupError) {
      announce(error.message);
      process.exit(error.exitCode);
    }
    process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
    process.exit(1);
  }
}
