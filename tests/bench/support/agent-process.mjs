// @ts-check
import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { callApi } from './api-call.mjs';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM']);
/** After so long an agent that was told to end is killed. */
const END_MS = 10_000;

/**
 * The agent as built, in an Electron of its own.
 * @typedef {object} AgentProcess
 * @property {string} url
 * @property {number} pid
 * @property {string} executable The Electron that it runs in.
 * @property {string} dataDir Goes with the agent.
 * @property {string} userFolder What it takes for the home of its user; goes with it too.
 * @property {(quality: string) => Promise<string>} startShare Answers the session's id.
 * @property {(sessionId: string) => Promise<void>} stopShare
 * @property {(sessionId: string) => string} streamUrl
 * @property {() => Promise<number | null>} end Ends it as a user would; answers its exit code, null if it had to be
 *   killed. Idempotent.
 * @property {() => Promise<void>} close Ends it so, then whatever it has left behind, and removes its home. Idempotent.
 */

/**
 * Builds the agent if need be and starts it on a free port with a home that goes with it.
 * @param {string} display
 * @param {{ args?: readonly string[], logFile?: string }} [options] Further arguments, and where its log goes.
 * @returns {Promise<AgentProcess>}
 */
export async function startAgent(display, { args = [], logFile } = {}) {
  execFileSync(process.execPath, [path.join(ROOT, 'scripts/build.mjs'), '--if-stale'], { stdio: 'ignore' });
  const executable = findElectron();
  const home = OwnHome.make('bench');
  const dataDir = home.place('agent');
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const log = logFile ? openSync(logFile, 'a') : 'ignore';
  const child = home.spawn(
    executable,
    [...asRoot, ...args, ROOT, '--port', '0', '--data-dir', dataDir, '--hidden'],
    { env: { DISPLAY: display }, stdio: ['ignore', 'pipe', log] },
  );
  if (typeof log === 'number') closeSync(log);
  // Whoever breaks off a measurement leaves no agent running.
  const breakOff = () => void home.remove().finally(() => process.exit(1));
  for (const signal of SIGNALS) process.once(signal, breakOff);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdout) }).on(
      'line',
      (line) => {
        const found = /^porthole listening on (\S+)$/.exec(line);
        if (found) resolve(found[1]);
      },
    );
    child.once('exit', (code) => reject(new Error(`the agent ended with ${code} before it listened`)));
  });
  const end = async () => {
    const deadline = setTimeout(() => child.kill('SIGKILL'), END_MS);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    clearTimeout(deadline);
    return child.exitCode;
  };
  return {
    url,
    pid: child.pid ?? 0,
    executable,
    dataDir,
    userFolder: home.place('home'),
    startShare: async (quality) =>
      String((await expectSuccess(url, '/api/screen_share/start', { quality })).session_id),
    stopShare: async (sessionId) => {
      await expectSuccess(url, '/api/screen_share/stop', { session_id: sessionId });
    },
    streamUrl: (sessionId) => `${url}/stream/${sessionId}`,
    end,
    close: async () => {
      for (const signal of SIGNALS) process.off(signal, breakOff);
      await end();
      await home.remove();
    },
  };
}

/**
 * @returns {string} The executable that `npm start` would run.
 */
function findElectron() {
  const script = path.join(ROOT, 'scripts/electron-runtime.mjs');
  return execFileSync(process.execPath, [script, '--print'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

/**
 * @param {string} url
 * @param {string} route
 * @param {object} body
 * @returns {Promise<Record<string, unknown>>}
 */
async function expectSuccess(url, route, body) {
  const answer = await callApi(url, 'POST', route, body);
  if (answer.status !== 200) throw new Error(`${route} answered ${answer.status}: ${answer.body.message}`);
  return answer.body;
}
