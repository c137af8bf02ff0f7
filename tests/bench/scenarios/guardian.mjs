// @ts-check
import { readdirSync, readFileSync } from 'node:fs';
import { judge } from '../report/result.mjs';
import { privateBytes } from '../support/process-tree.mjs';
import { sleep } from '../support/statistics.mjs';
import { repeat } from './observe.mjs';

const MEGABYTE = 1_000_000;
const NS_PER_SECOND = 1e9;
/** In ticks of the kernel four seconds of this are less than one. */
const LEAST_SECONDS = 10;

/**
 * What the process costs that looks after the agent, while nothing else happens.
 * @param {import('./observe.mjs').Rig} rig
 * @returns {Promise<import('./observe.mjs').Result[]>}
 */
export async function measureGuardian({ agent, seconds, rounds }) {
  const guardian = findGuardian(agent.pid);
  const cpu = await repeat(rounds, async () => {
    const before = ranSeconds(guardian);
    const startedAtMs = performance.now();
    await sleep(Math.max(seconds, LEAST_SECONDS) * 1000);
    return (100 * (ranSeconds(guardian) - before)) / ((performance.now() - startedAtMs) / 1000);
  });
  return [
    judge({
      id: 'guardian-cpu',
      what: 'the guardian of an idle agent: CPU of one core',
      values: cpu,
      unit: '%',
      bar: 0.1,
      digits: 3,
    }),
    judge({
      id: 'guardian-memory',
      what: 'the guardian: memory that nobody else shares',
      values: [privateBytes(guardian) / MEGABYTE],
      unit: 'MB',
    }),
  ];
}

/**
 * @param {number} agentPid
 * @returns {number}
 */
function findGuardian(agentPid) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const guardian = pids.find((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return Number(parent) === agentPid && line.includes('--porthole-guardian');
    } catch {
      return false;
    }
  });
  if (guardian === undefined) throw new Error('the agent has no guardian');
  return Number(guardian);
}

/**
 * The processor time that a process has used, by the scheduler's own count, in seconds.
 * @param {number} pid
 * @returns {number}
 */
function ranSeconds(pid) {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ranNs = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return ranNs.reduce((sum, ns) => sum + ns, 0) / NS_PER_SECOND;
}
