// @ts-check
import { judge } from '../report/result.mjs';
import { cpuSecondsOfTree } from '../support/process-tree.mjs';
import { sleep } from '../support/statistics.mjs';
import { startPattern } from '../support/virtual-screen.mjs';
import { repeat } from './observe.mjs';

/**
 * What a session costs that nobody watches on a moving screen, and what the agent costs without any.
 * @param {import('./observe.mjs').Rig} rig
 * @returns {Promise<import('./observe.mjs').Result[]>}
 */
export async function measureIdle({ agent, display, seconds, rounds }) {
  const pattern = await startPattern(display);
  const measureCpu = () =>
    repeat(rounds, async () => {
      const before = cpuSecondsOfTree(agent.pid);
      const startedAtMs = performance.now();
      await sleep(seconds * 1000);
      return (100 * (cpuSecondsOfTree(agent.pid) - before)) / ((performance.now() - startedAtMs) / 1000);
    });
  await sleep(1000);
  const without = await measureCpu();
  const sessionId = await agent.startShare('high');
  await sleep(3000);
  const unwatched = await measureCpu();
  await agent.stopShare(sessionId);
  await pattern.close();
  return [
    judge({
      id: 'unwatched-cpu',
      what: 'a session without viewers, moving screen: CPU of one core',
      values: unwatched,
      unit: '%',
      bar: 3,
    }),
    judge({
      id: 'idle-cpu',
      what: 'no session: CPU of one core',
      values: without,
      unit: '%',
      bar: 0.5,
      digits: 2,
    }),
  ];
}
