// @ts-check
import { parseArgs } from 'node:util';

/** @typedef {NonNullable<import('node:util').ParseArgsConfig['options']>} OptionTable */

/**
 * The options that the program was started with. Ends it with exit code 2 and one sentence for one that it does not
 * have.
 * @template {OptionTable} Options
 * @param {Options} options
 * @returns {ReturnType<typeof parseArgs<{ options: Options }>>['values']}
 */
export function readOptions(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/**
 * A number above 0. Ends the program with exit code 2 and one sentence for anything else.
 * @param {string} name Of the option.
 * @param {string} text
 * @returns {number}
 */
export function readPositive(name, text) {
  const value = Number(text);
  return value > 0 && Number.isFinite(value) ? value : refuse(`--${name} is a number above 0, not "${text}"`);
}

/**
 * @param {string} reason
 * @returns {never}
 */
export function refuse(reason) {
  process.stderr.write(`${reason}\n`);
  process.exit(2);
}
