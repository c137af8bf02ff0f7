// @ts-check
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

/**
 * The agent as built, in an Electron of its own.
 * @typedef {object} AgentProcess
 * @property {string} url
 * @property {number} pid
 * @property {(quality: string) => Promise<string>} startShare Answers the session's id.
 * @property {(sessionId: string) => Promise<void>} stopShare
 * @property {(sessionId: string) => string} streamUrl
 * @property {() => Promise<void>} close
 */

/**
 * Builds the agent if need be and starts it on a free port with a data folder that goes with it.
 * @param {string} display
 * @returns {Promise<AgentProcess>}
 */
export async function startAgent(display) {
  execFileSync(process.execPath, [path.join(ROOT, 'scripts/build.mjs'), '--if-stale'], { stdio: 'ignore' });
  const electron = execFileSync(
    process.execPath,
    [path.join(ROOT, 'scripts/electron-runtime.mjs'), '--print'],
    {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  ).trim();
  const dataDir = mkdtempSync(path.join(tmpdir(), 'porthole-bench-'));
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = spawn(electron, [...asRoot, ROOT, '--port', '0', '--data-dir', dataDir, '--hidden'], {
    env: { ...process.env, DISPLAY: display },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const url = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /^porthole listening on (\S+)$/.exec(line);
      if (found) resolve(found[1]);
    });
    child.once('exit', (code) => reject(new Error(`the agent ended with ${code} before it listened`)));
  });
  /**
   * @param {string} route
   * @param {object} body
   * @returns {Promise<{ session_id: string }>}
   */
  const post = async (route, body) => {
    const answer = await fetch(`${url}${route}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${route} answered ${answer.status}: ${await answer.text()}`);
    return /** @type {Promise<{ session_id: string }>} */ (answer.json());
  };
  return {
    url,
    pid: child.pid ?? 0,
    startShare: async (quality) => (await post('/api/screen_share/start', { quality })).session_id,
    stopShare: async (sessionId) => {
      await post('/api/screen_share/stop', { session_id: sessionId });
    },
    streamUrl: (sessionId) => `${url}/stream/${sessionId}`,
    close: async () => {
      if (child.exitCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await ended;
      }
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
