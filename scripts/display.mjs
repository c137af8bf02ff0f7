// @ts-check
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { announce, SetupError } from './announce.mjs';
import { startCompanion } from './companion.mjs';
import { findProgram } from './system-packages.mjs';

/**
 * A running virtual display.
 * @typedef {object} VirtualDisplay
 * @property {NodeJS.ProcessEnv} env What a program's environment must say to appear on it.
 * @property {() => boolean} isThere Whether it still runs.
 * @property {() => Promise<void>} stop Ends it and its window manager.
 */

const START_LIMIT_MS = 15_000;

/**
 * Whether this process has a display to open windows on.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 * @returns {boolean}
 */
export function hasDisplay(env = process.env, platform = process.platform) {
  return platform !== 'linux' || Boolean(env.DISPLAY || env.WAYLAND_DISPLAY);
}

/**
 * What Chromium has to be told to open its windows where there can be any. Releases of Electron before 38 look for an X
 * server unless told otherwise, and end themselves where there is none; it is too late to tell them once our code runs.
 * @param {readonly string[]} appArgs What the app is started with anyway; a choice of the person's in it stands.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 * @returns {string[]}
 */
export function chooseDisplaySwitches(appArgs, env = process.env, platform = process.platform) {
  if (platform !== 'linux' || env.DISPLAY || !env.WAYLAND_DISPLAY) return [];
  const isChosen = appArgs.some((arg) => /^--(ozone-platform(-hint)?(=|$)|headless(=|$))/.test(arg));
  return isChosen ? [] : ['--ozone-platform=wayland'];
}

/**
 * Starts an X server without a screen (Xvfb) on a free display number, with openbox where it is
 * installed. Only who knows the secret in the file that `XAUTHORITY` names can open windows on it or
 * look at it: other users of the machine cannot. Listens on no network.
 * @param {import('./start-arguments.mjs').ScreenSize} size
 * @param {NodeJS.ProcessEnv} env The environment to start from; not changed.
 * @returns {Promise<VirtualDisplay>}
 * @throws {SetupError} When Xvfb does not start.
 */
export async function startVirtualDisplay({ widthPx, heightPx }, env) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'porthole-display-'));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const authorityFile = path.join(folder, 'Xauthority');
  writeFileSync(authorityFile, formatAuthority(randomBytes(16)), { mode: 0o600 });

  const screen = ['-screen', '0', `${widthPx}x${heightPx}x24`];
  // -terminate: Xvfb ends with its last client, so if we are killed it stays just as long as the app,
  // which is told to end (see startCompanion), needs to close down in order.
  const xvfbArgs = ['-displayfd', '3', ...screen, '-nolisten', 'tcp', '-auth', authorityFile, '-terminate'];
  const xvfb = startCompanion('Xvfb', xvfbArgs, {
    env,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    endsWithParent: false,
  });
  const display = `:${await readDisplayNumber(xvfb.child)}`;
  const displayEnv = {
    ...env,
    DISPLAY: display,
    XAUTHORITY: authorityFile,
    XDG_SESSION_TYPE: 'x11',
    WAYLAND_DISPLAY: undefined,
  };
  const hasWindowManager = findProgram('openbox', env) !== undefined;
  const windowManager = hasWindowManager
    ? startCompanion('openbox', ['--sm-disable'], { env: displayEnv, stdio: 'ignore' })
    : undefined;
  announce(
    `there is a virtual display of ${widthPx}x${heightPx} now, and that is what will be shared ` +
      `(DISPLAY=${display} XAUTHORITY=${authorityFile})`,
  );
  return {
    env: displayEnv,
    isThere: () => xvfb.child.exitCode === null && xvfb.child.signalCode === null,
    async stop() {
      await windowManager?.stop();
      await xvfb.stop();
      removeFolder();
      process.off('exit', removeFolder);
    },
  };
}

/**
 * One entry of an Xauthority file, valid for every address and display: two-byte lengths in network
 * order, as libXau's `XauReadAuth` reads them.
 * @param {Buffer} cookie
 * @returns {Buffer}
 */
export function formatAuthority(cookie) {
  const FAMILY_WILD = 0xffff;
  const fields = [Buffer.alloc(0), Buffer.alloc(0), Buffer.from('MIT-MAGIC-COOKIE-1'), cookie];
  return Buffer.concat([uint16(FAMILY_WILD), ...fields.flatMap((field) => [uint16(field.length), field])]);
}

/**
 * @param {number} value
 * @returns {Buffer}
 */
function uint16(value) {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16BE(value);
  return buffer;
}

/**
 * Xvfb writes the number of the display it took, and a line feed, once it accepts clients.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<number>}
 */
function readDisplayNumber(child) {
  return new Promise((resolve, reject) => {
    let said = '';
    let complaint = '';
    child.stdio[2]?.on('data', (/** @type {Buffer} */ chunk) => {
      complaint = `${complaint}${chunk}`.slice(-2000);
    });
    child.stdio[3]?.on('data', (/** @type {Buffer} */ chunk) => {
      said += chunk;
      if (said.includes('\n')) settle(() => resolve(Number.parseInt(said, 10)));
    });
    /** @param {string} why */
    const fail = (why) => settle(() => reject(new SetupError(`no virtual display: ${why}`, 1)));
    const timer = setTimeout(
      () => fail(`Xvfb was not ready within ${START_LIMIT_MS / 1000} s`),
      START_LIMIT_MS,
    );
    /** @param {() => void} outcome */
    const settle = (outcome) => {
      clearTimeout(timer);
      outcome();
    };
    child.once('error', (error) => fail(error.message));
    child.once('exit', () => fail(`Xvfb ended at once: ${complaint.trim()}`));
  });
}
