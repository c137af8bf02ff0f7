// @ts-check
import { spawn } from 'node:child_process';
import { judge } from '../report/result.mjs';
import { callApi } from '../support/api-call.mjs';
import { median, quantile, round, sleep } from '../support/statistics.mjs';
import { repeat } from './observe.mjs';

const COMMANDS_PER_ROUND = 30;
const PROGRAM = '/bin/true';
/** What holding a command, hiding from it what it is not to see, and putting it on record may cost it. */
const MOST_MS = 40;

/**
 * How much longer a program takes as a command of a session, from the request to its end, than started by itself.
 * @param {import('./observe.mjs').Rig} rig
 * @returns {Promise<import('./observe.mjs').Result[]>}
 */
export async function measureCommands({ agent, rounds }) {
  const call = async (/** @type {'GET' | 'POST'} */ method, /** @type {string} */ route, body = {}) => {
    const answer = await callApi(agent.url, method, route, method === 'POST' ? body : undefined);
    if (answer.status >= 300) throw new Error(`${route} answered ${answer.status}`);
    return answer.body;
  };
  const { session_id: id } = await call('POST', '/api/remote/start', { safety_mode: 'autonomous' });
  await call('POST', `/api/remote/approve/${id}`);
  const runCommand = async () => {
    let command = await call('POST', `/api/remote/execute/${id}`, { operation: 'run', argv: [PROGRAM] });
    while (command.finished_at === undefined || command.finished_at === null) {
      await sleep(20);
      command = await call('GET', `/api/remote/commands/${command.command_id}`);
    }
    if (command.status !== 'completed') throw new Error(`${PROGRAM} ended as ${command.status}`);
    return Date.parse(String(command.finished_at)) - Date.parse(String(command.requested_at));
  };
  await runCommand();
  // Side by side: what else the machine does is the same for both.
  const times = await repeat(rounds, async () => {
    const [commands, alone] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
    for (let count = 0; count < COMMANDS_PER_ROUND; count += 1) {
      alone.push(await runAlone());
      commands.push(await runCommand());
    }
    return { commands, alone };
  });
  await call('POST', `/api/remote/stop/${id}`);
  const all = times.flatMap(({ commands }) => commands);
  return [
    judge({
      id: 'command-overhead',
      what: 'a command against the same program by itself, from the request to its end, median',
      values: times.map(({ commands, alone }) => median(commands) - median(alone)),
      unit: 'ms',
      bar: MOST_MS,
      note: `p95 of commands ${round(quantile(all, 0.95), 0)} ms`,
    }),
  ];
}

/**
 * @returns {Promise<number>} How long the program takes by itself, in ms.
 */
function runAlone() {
  const startedAtMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(PROGRAM, { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', () => resolve(performance.now() - startedAtMs));
  });
}
