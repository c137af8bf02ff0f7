// @ts-check
import { announce, runScript, SetupError } from './announce.mjs';
import { build, repositoryRoot } from './build.mjs';
import { startCompanion } from './companion.mjs';
import { chooseDisplaySwitches, hasDisplay, startVirtualDisplay } from './display.mjs';
import { resolveElectronRuntime } from './electron-runtime.mjs';
import { onNpmGone } from './npm-watch.mjs';
import { judgeEnd } from './restarts.mjs';
import { exitCodeOf } from './run-command.mjs';
import { ensureSandbox } from './sandbox.mjs';
import { hasSessionBus, startSessionBus } from './session-bus.mjs';
import { DEFAULT_SCREEN_SIZE, splitStartArguments } from './start-arguments.mjs';
import { ensureSystemPackages, findProgram } from './system-packages.mjs';

/** @type {readonly NodeJS.Signals[]} */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Twice what the app promises to need. */
const CLOSE_DOWN_LIMIT_MS = 10_000;

/** While no app runs there is nobody to pass a signal on to. @type {(signal: NodeJS.Signals) => void} */
const leave = (signal) => process.exit(exitCodeOf(null, signal));
let onSignal = leave;
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
  let env = {
    ...process.env,
    ELECTRON_OVERRIDE_DIST_PATH: runtime.folder,
    ELECTRON_RUN_AS_NODE: undefined,
    // Whose part it is to start the app again: ours.
    PORTHOLE_RESTARTER: 'start-script',
  };
  /** @type {(() => Promise<void>)[]} */
  const stops = [];
  if (needsSessionBus && findProgram('dbus-daemon') !== undefined) {
    const bus = await startSessionBus(env);
    env = bus.env;
    stops.unshift(bus.stop);
  }
  /** @type {import('./display.mjs').VirtualDisplay | undefined} */
  let display;
  /** @type {number[]} */
  const restartsMs = [];
  for (;;) {
    // It stays as it is while the app is started again, unless it has ended with its last window.
    if (needsVirtualDisplay && !display?.isThere()) {
      display = await startVirtualDisplay(virtualDisplay ?? DEFAULT_SCREEN_SIZE, env);
      env = display.env;
      stops.unshift(display.stop);
    }
    const switches = [...sandboxSwitches, ...chooseDisplaySwitches(appArgs, env)];
    const end = await runApp(runtime.executable, [...switches, repositoryRoot, ...appArgs], env);
    const verdict = judgeEnd(end, restartsMs, performance.now());
    if (verdict !== 'again') {
      if (verdict === 'stays-down') announce('the app failed again, after three restarts, and stays down');
      for (const stop of stops) await stop();
      return exitCodeOf(end.code, end.signal);
    }
    announce(`the app ended with ${end.signal ?? `exit code ${end.code}`} and is started again`);
    restartsMs.push(performance.now());
  }
});

/**
 * Runs the app to its end, passing on the signals that we get.
 * @param {string} executable
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null, wasTold: boolean }>} How it ended.
 */
function runApp(executable, args, env) {
  const { child } = startCompanion(executable, args, { env, stdio: 'inherit' });
  let wasTold = false;
  /** @type {NodeJS.Timeout | undefined} */
  let force;
  onSignal = (signal) => {
    wasTold = true;
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
      onSignal = leave;
      resolve({ code, signal, wasTold });
    });
  });
}
