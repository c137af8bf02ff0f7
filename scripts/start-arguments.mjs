// @ts-check
import { SetupError } from './announce.mjs';

/**
 * A screen's size in pixels.
 * @typedef {object} ScreenSize
 * @property {number} widthPx
 * @property {number} heightPx
 */

/** @type {Readonly<ScreenSize>} */
export const DEFAULT_SCREEN_SIZE = Object.freeze({ widthPx: 1920, heightPx: 1080 });

const FLAG = '--virtual-display';
/** What X can address, and what Chromium can lay a window out on. */
const SIZE_LIMITS_PX = { min: 64, max: 16_384 };

/**
 * Separates what the start script itself obeys from what the app gets to read. The script's only flag is
 * `--virtual-display [WxH]`, also as `PORTHOLE_VIRTUAL_DISPLAY=WxH`; the flag wins.
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ virtualDisplay: ScreenSize | undefined, appArgs: string[] }} `virtualDisplay` is undefined
 *   unless one was asked for.
 * @throws {SetupError} For a size that is none.
 */
export function splitStartArguments(args, env = {}) {
  /** @type {ScreenSize | undefined} */
  let virtualDisplay = env.PORTHOLE_VIRTUAL_DISPLAY
    ? parseScreenSize(env.PORTHOLE_VIRTUAL_DISPLAY, 'PORTHOLE_VIRTUAL_DISPLAY')
    : undefined;
  /** @type {string[]} */
  const appArgs = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? '';
    if (arg === '--') {
      appArgs.push(...args.slice(index));
      break;
    }
    if (arg.startsWith(`${FLAG}=`)) {
      virtualDisplay = parseScreenSize(arg.slice(FLAG.length + 1), FLAG);
    } else if (arg === FLAG) {
      const value = args[index + 1];
      const hasValue = value !== undefined && !value.startsWith('-');
      virtualDisplay = hasValue ? parseScreenSize(value, FLAG) : DEFAULT_SCREEN_SIZE;
      if (hasValue) index += 1;
    } else {
      appArgs.push(arg);
    }
  }
  return { virtualDisplay, appArgs };
}

/**
 * @param {string} text
 * @param {string} givenAs
 * @returns {ScreenSize}
 */
function parseScreenSize(text, givenAs) {
  const match = /^(\d+)x(\d+)$/.exec(text);
  const [widthPx, heightPx] = [Number(match?.[1]), Number(match?.[2])];
  const isPossible = [widthPx, heightPx].every((px) => px >= SIZE_LIMITS_PX.min && px <= SIZE_LIMITS_PX.max);
  if (!isPossible) throw new SetupError(`${givenAs} takes a size such as 1920x1080, not "${text}"`);
  return { widthPx, heightPx };
}
