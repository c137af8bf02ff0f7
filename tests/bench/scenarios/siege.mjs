// @ts-check
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import {
  FLOODS,
  FLOODS_WITH_SECRETS,
  floodArguments,
  floodProgram,
} from '../../integration/attacks/support/floods.mjs';
import { judge } from '../report/result.mjs';
import { callApi } from '../support/api-call.mjs';
import { framesPerSecond } from '../support/mjpeg-client.mjs';
import { pidsOfTree, TICKS_PER_SECOND } from '../support/process-tree.mjs';
import { median, round, sleep } from '../support/statistics.mjs';
import { startPattern } from '../support/virtual-screen.mjs';
import { watch } from './observe.mjs';

/** How long all floods come at once; of a quick run a quarter of that. */
const SIEGE_SECONDS = 60;
/** What strangers do runs as this user where it can; a flood of the person's own programs is no attack. */
const NOBODY = 65_534;
/** What commands do that the person has allowed. */
const COMMANDS = /** @type {const} */ ([
  'requests as fast as they go',
  '500 connections that ask once and stay',
  '500 connections that say nothing',
]);
/** The attackers get what processor time nobody else wants: who has how much of it is not what is measured. */
const NICE = ['nice', '-n', '19'];
/**
 * What attackers would do that took nothing but that: even they cost the viewer frames, since whoever paints, captures and
 * watches waits for a processor each time that one of them is at work.
 */
const BURN = 'for (;;);';

/**
 * What is left to the person while everybody else floods the agent at once: another account of this machine, an operator,
 * somebody with a link, and commands. Needs root, to be somebody else.
 * @param {import('./observe.mjs').Rig} rig
 * @returns {Promise<import('./observe.mjs').Result[]>}
 */
export async function measureSiege({ agent, display, seconds, rounds }) {
  const post = async (/** @type {string} */ route, body = {}) =>
    (await callApi(agent.url, 'POST', route, body)).body;
  const pattern = await startPattern(display);
  const share = await agent.startShare('medium');
  const { token } = await post('/api/tokens', { name: 'siege', role: 'operator' });
  const { key } = await post(`/api/screen_share/${share}/keys`);
  const viewer = await watch(agent, share);
  await sleep(2000);
  const during = Math.max(8, rounds > 1 ? SIEGE_SECONDS : SIEGE_SECONDS / 4);
  const alone = await countFrames(viewer, Math.max(seconds, 8));

  const known = { url: agent.url, share, token: String(token), key: String(key) };
  const names = /** @type {(keyof typeof FLOODS | keyof typeof FLOODS_WITH_SECRETS)[]} */ ([
    ...Object.keys(FLOODS),
    ...Object.keys(FLOODS_WITH_SECRETS),
  ]);
  const isRoot = process.getuid?.() === 0;
  const attack = (/** @type {string} */ program, /** @type {readonly string[]} */ args) => {
    const [file = '', ...rest] = [...NICE, process.execPath, '-e', program, ...args];
    return spawn(file, rest, { stdio: 'ignore', cwd: '/', ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}) });
  };

  const countBesideLoops = async (
    /** @type {import("../support/mjpeg-client.mjs").MjpegClient} */ watcher,
  ) => {
    const burners = [...names, ...COMMANDS].map(() => attack(BURN, []));
    await sleep(1000);
    const frames = await countFrames(watcher, Math.max(seconds, 8));
    for (const burner of burners) burner.kill('SIGKILL');
    return frames;
  };
  const before = await countBesideLoops(viewer);

  const attackers = names.map((name) => attack(floodProgram(name), floodArguments(known, during)));
  const { session_id: remote } = await post('/api/remote/start', { safety_mode: 'autonomous' });
  await post(`/api/remote/approve/${remote}`);
  for (const name of COMMANDS) {
    const argv = [...NICE, process.execPath, '-e', floodProgram(name), ...floodArguments(known, during)];
    await post(`/api/remote/execute/${remote}`, { operation: 'run', argv, timeout_seconds: during + 30 });
  }
  for (const pid of pidsOfTree(agent.pid)) makeSessionNice(pid);

  /** @type {{ seconds: number, ok: boolean }[]} */
  const asked = [];
  let isOver = false;
  const asking = (async () => {
    while (!isOver) {
      for (const target of ['/', '/api/agent', '/api/sessions/active'])
        asked.push(await ask(agent.url, target));
      await sleep(250);
    }
  })();
  const attacked = await countFrames(viewer, during - 3);
  isOver = true;
  await asking;
  const cpuBefore = cpuSeconds(agent.pid);
  const stopped = await ask(agent.url, '/api/sessions/stop_all', { reason: 'Siege' });
  const cpu = cpuSeconds(agent.pid) - cpuBefore;
  for (const attacker of attackers) attacker.kill('SIGKILL');
  viewer.close();
  await post('/api/sessions/rearm');
  // Other programs of the machine come and go: how many frames loops leave is measured on both sides.
  const lateViewer = await watch(agent, await agent.startShare('medium'));
  await sleep(2000);
  const after = await countBesideLoops(lateViewer);
  lateViewer.close();
  await pattern.close();
  const beside = (before + after) / 2;
  const refused = [...asked, stopped].filter(({ ok }) => !ok).length;
  const times = asked.map(({ seconds: took }) => took * 1000);
  return [
    judge({
      id: 'siege-frames',
      what: `all floods at once: the owner's viewer keeps of the frames that as many idle loops leave it`,
      values: [attacked / beside],
      unit: 'x',
      sense: 'least',
      bar: 0.9,
      digits: 2,
      note: `${round(attacked)} of ${round(beside)} /s; ${round(alone)} /s alone`,
    }),
    judge({
      id: 'siege-answers',
      what: 'all floods at once: requests of the person that were not answered',
      values: [refused],
      bar: 0,
      note: `of ${asked.length + 1}; median ${round(median(times))} ms, worst ${round(Math.max(...times))} ms`,
    }),
    judge({
      id: 'siege-stop-all',
      what: 'all floods at once: processor time of the main process until everything has stopped',
      values: [cpu],
      unit: 's',
      bar: 1,
      digits: 2,
      note: `${round(stopped.seconds * 1000)} ms by the clock`,
    }),
  ];
}

/**
 * Sees to it that a flood of a command is as nice as it says: the kernel shares processors out among sessions of processes
 * first (`man 7 sched`, autogroups), and each command is one, so that its niceness would count within itself alone.
 * @param {number} pid
 */
function makeSessionNice(pid) {
  try {
    const isFlood = readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes("require('node:net')");
    if (isFlood) writeFileSync(`/proc/${pid}/autogroup`, '19');
  } catch {
    // It has ended, or the kernel shares out among processes.
  }
}

/**
 * @param {import('../support/mjpeg-client.mjs').MjpegClient} viewer
 * @param {number} seconds
 * @returns {Promise<number>} Different pictures a second.
 */
async function countFrames(viewer, seconds) {
  const from = viewer.parts.length;
  const startedAtMs = performance.now();
  await sleep(seconds * 1000);
  return framesPerSecond(viewer.parts.slice(from), (performance.now() - startedAtMs) / 1000);
}

/**
 * Asks once, over a connection of its own.
 * @param {string} url
 * @param {string} target
 * @param {object} [body] Makes it a POST.
 * @returns {Promise<{ seconds: number, ok: boolean }>}
 */
function ask(url, target, body) {
  const startedAtMs = performance.now();
  return new Promise((resolve) => {
    const finish = (/** @type {boolean} */ ok) =>
      resolve({ seconds: (performance.now() - startedAtMs) / 1000, ok });
    const headers = body ? { 'Content-Type': 'application/json' } : {};
    const outgoing = request(`${url}${target}`, { agent: false, method: body ? 'POST' : 'GET', headers });
    outgoing.once('error', () => finish(false));
    outgoing.once('response', (response) => {
      response.resume().once('close', () => finish(response.statusCode === 200 && response.complete));
    });
    outgoing.end(body && JSON.stringify(body));
  });
}

/**
 * @param {number} pid
 * @returns {number} The processor time that a process itself has used.
 */
function cpuSeconds(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) / TICKS_PER_SECOND;
}
