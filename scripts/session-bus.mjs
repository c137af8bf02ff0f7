// @ts-check
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { announce } from './announce.mjs';
import { startCompanion } from './companion.mjs';

const START_LIMIT_MS = 5_000;

/**
 * Whether programs started from here find a D-Bus session bus by themselves.
 * @param {NodeJS.ProcessEnv} [env]
 * @param {NodeJS.Platform} [platform]
 * @returns {boolean}
 */
export function hasSessionBus(env = process.env, platform = process.platform) {
  if (platform !== 'linux' || env.DBUS_SESSION_BUS_ADDRESS) return true;
  return Boolean(env.XDG_RUNTIME_DIR) && existsSync(path.join(env.XDG_RUNTIME_DIR ?? '', 'bus'));
}

/**
 * Starts a private D-Bus session bus, over which notifications travel. Goes on without, saying so, if it
 * does not start: nothing but notifications needs it.
 * @param {NodeJS.ProcessEnv} env The environment to start from; not changed.
 * @returns {Promise<{ env: NodeJS.ProcessEnv, stop: () => Promise<void> }>} `env` names the bus.
 */
export async function startSessionBus(env) {
  const { child, stop } = startCompanion('dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const address = await new Promise((resolve) => {
    const timer = setTimeout(resolve, START_LIMIT_MS);
    /** @param {string} [line] */
    const settle = (line) => {
      clearTimeout(timer);
      resolve(line);
    };
    if (child.stdout) createInterface({ input: child.stdout }).once('line', settle);
    child.once('error', () => settle());
    child.once('exit', () => settle());
  });
  if (typeof address !== 'string') {
    await stop();
    announce('no D-Bus session bus could be started; there will be no notifications');
    return { env, stop: async () => {} };
  }
  announce('there is a private D-Bus session bus now, for notifications');
  return { env: { ...env, DBUS_SESSION_BUS_ADDRESS: address }, stop };
}
