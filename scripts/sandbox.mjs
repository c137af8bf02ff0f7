// @ts-check
import { statSync } from 'node:fs';
import path from 'node:path';
import { announce, SetupError } from './announce.mjs';
import { findRootPrefix } from './apt.mjs';
import { runCommand } from './run-command.mjs';

/**
 * Sees to it that Chromium's sandbox can work, or says that it cannot. It needs either namespaces that
 * an ordinary user may create (some distributions forbid them) or Chromium's helper owned by root with
 * the setuid bit; and it refuses to work for root at all.
 * @param {string} electronFolder Where `chrome-sandbox` is.
 * @param {readonly string[]} appArgs
 * @returns {Promise<string[]>} The switches to start Electron with.
 * @throws {SetupError} When the helper must be set up and only the person can do that.
 */
export async function ensureSandbox(electronFolder, appArgs) {
  if (process.platform !== 'linux' || appArgs.includes('--no-sandbox')) return [];
  if (process.getuid?.() === 0) {
    announce("warning: as root Chromium's sandbox does not work, so it is off (--no-sandbox)");
    return ['--no-sandbox'];
  }
  const helper = path.join(electronFolder, 'chrome-sandbox');
  if (isSetuidRoot(helper) || (await mayCreateNamespaces())) return [];
  const steps = [
    ['chown', 'root:root', helper],
    ['chmod', '4755', helper],
  ];
  const rootPrefix = await findRootPrefix();
  if (rootPrefix === undefined) {
    const commands = steps.map((step) => `sudo ${step.join(' ')}`).join(' && ');
    throw new SetupError(
      `this system keeps Chromium's sandbox from working; to allow it, type: ${commands} ` +
        '(in a container that allows neither, start with --no-sandbox)',
    );
  }
  announce(`allowing Chromium's sandbox: making ${helper} setuid root`);
  for (const step of steps) {
    const [command = '', ...args] = [...rootPrefix, ...step];
    const { exitCode, output } = await runCommand(command, args);
    if (exitCode !== 0) throw new SetupError(`${step.join(' ')} failed: ${output}`, 1);
  }
  return [];
}

/**
 * @param {string} helper
 * @returns {boolean}
 */
function isSetuidRoot(helper) {
  const info = statSync(helper, { throwIfNoEntry: false });
  return info !== undefined && info.uid === 0 && (info.mode & 0o4111) === 0o4111;
}

/**
 * @returns {Promise<boolean>}
 */
async function mayCreateNamespaces() {
  return (await runCommand('unshare', ['--user', '--map-root-user', 'true'])).exitCode === 0;
}
