// @ts-check
import { announce, runScript, SetupError } from './announce.mjs';
import { build, repositoryRoot } from './build.mjs';
import { startCompanion } from './companion.mjs';
import { hasDisplay, startVirtualDisplay } from './display.mjs';
import { resolveElectronRuntime } from './electron-runtime.mjs';
import { onNpmGone } from './npm-watch.mjs';
import { exitCodeOf } from './run-command.mjs';
import { ensureSandbox } from './sandbox.mjs';
import { hasSessionBus, startSessionBus } from './session-bus.mjs';
import { DEFAULT_SCREEN_SIZE, splitStartArguments } from './start-arguments.mjs';
import { ensureSystemPackages, findProgram } from './system-packages.mjs';

/** @type {readonly NodeJS.Signals[]} */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Twice what the app promises to need. */
const CLOSE_DOWN_LIMIT_MS = 10_000;

/** Until the app runs there is nobody to pass a signal on to. @type {(signal: NodeJS.Signals) => void} */
let onSignal = (signal) => process.exit(exitCodeOf(null, signal));
for (const signal of FORWARDED_SIGNALS) process.on(signal, () => onSignal(signal));
// A signal to npm ends npm, or the shell that it started us with, but most often does not get to us.
if (process.env.npm_lifecycle_event !== undefined) onNpmGone(() => onSignal('SIGTERM'));

await runScript(async () => {
  const { virtualDisplay, appArgs } = splitStartArguments(process.argv.slice(2), process.env);
  if (virtualDisplay !== undefined && process.platform !== 'linux') {
    throw new SetupError('--virtual-display is for Linux alone');
  }
  const needsVirtualDisplay = virtualDisplay !== undefined || !hasDisplay();
  const needsSessionBus = !hasSessionBus();

  const runtime = await resolveElectronRuntime();
  await ensureSystemPackages({
    electronExecutable: runtime.executable,
    needsVirtualDisplay,
    needsSessionBus,
    runsTests: false,
  });
  const sandboxSwitches = await ensureSandbox(runtime.folder, appArgs);
  await build({ ifStale: true });

  /** @type {NodeJS.ProcessEnv} */
  let env = { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: runtime.folder, ELECTRON_RUN_AS_NODE: undefined };
  /** @type {(() => Promise<void>)[]} */
  const stops = [];
  if (needsSessionBus && findProgram('dbus-daemon') !== undefined) {
    const bus = await startSessionBus(env);
    env = bus.env;
    stops.unshift(bus.stop);
  }
  if (needsVirtualDisplay) {
    const display = await startVirtualDisplay(virtualDisplay ?? DEFAULT_SCREEN_SIZE, env);
    env = display.env;
    stops.unshift(display.stop);
  }
  const exitCode = await runApp(runtime.executable, [...sandboxSwitches, repositoryRoot, ...appArgs], env);
  for (const stop of stops) await stop();
  return exitCode;
});

/**
 * Runs the app to its end, passing on the signals that we get.
 * @param {string} executable
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>} Its exit code.
 */
function runApp(executable, args, env) {
  const { child } = startCompanion(executable, args, { env, stdio: 'inherit' });
  /** @type {NodeJS.Timeout | undefined} */
  let force;
  onSignal = (signal) => {
    // A Windows console sends Ctrl-C to every process in it; kill() there would end the app by force.
    if (process.platform !== 'win32') child.kill(signal);
    force ??= setTimeout(() => {
      announce(`the app did not end within ${CLOSE_DOWN_LIMIT_MS / 1000} s and is ended by force`);
      child.kill('SIGKILL');
    }, CLOSE_DOWN_LIMIT_MS);
  };
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(force);
      resolve(exitCodeOf(code, signal));
    });
  });
}
