// @ts-check
import { judge } from '../report/result.mjs';
import { callApi } from '../support/api-call.mjs';
import { median, quantile, round } from '../support/statistics.mjs';
import { repeat } from './observe.mjs';

const WARM_UP_PAIRS = 50;
const PAIRS_PER_ROUND = 200;

/**
 * How long a start and the stop after it take together over the API, one after the other on one connection. A session
 * is on disk before its start is answered, and archived before its stop is; that all are on record is checked here, that
 * they survive `kill -9` is what `npm run crash` tries.
 * @param {import('./observe.mjs').Rig} rig
 * @returns {Promise<import('./observe.mjs').Result[]>}
 */
export async function measureSessions({ agent, rounds }) {
  const call = async (/** @type {'GET' | 'POST'} */ method, /** @type {string} */ route, body = {}) => {
    const answer = await callApi(agent.url, method, route, method === 'POST' ? body : undefined);
    if (answer.status !== 200) throw new Error(`${route} answered ${answer.status}`);
    return answer.body;
  };
  const countArchived = async () => Number((await call('GET', '/api/sessions/history?limit=1')).total);
  const startAndStop = async () => {
    const { session_id: id } = await call('POST', '/api/remote/start');
    await call('POST', `/api/remote/stop/${id}`);
  };
  const askTwice = async () => {
    await call('GET', '/healthz');
    await call('GET', '/healthz');
  };
  const timePairs = (/** @type {number} */ pairs, /** @type {() => Promise<void>} */ runPair) =>
    repeat(pairs, async () => {
      const startedAtMs = performance.now();
      await runPair();
      return performance.now() - startedAtMs;
    });
  await timePairs(WARM_UP_PAIRS, startAndStop);
  const archivedBefore = await countArchived();
  const times = await repeat(rounds, () => timePairs(PAIRS_PER_ROUND, startAndStop));
  const lost = rounds * PAIRS_PER_ROUND - ((await countArchived()) - archivedBefore);
  const nothing = await repeat(rounds, () => timePairs(PAIRS_PER_ROUND, askTwice));
  if (lost !== 0) throw new Error(`${lost} sessions that were stopped are not on record`);
  return [
    judge({
      id: 'session-p99',
      what: 'start to stop of a session over the API, p99',
      values: times.map((round) => quantile(round, 0.99)),
      unit: 'ms',
      bar: 10,
      digits: 2,
      note: `median ${round(median(times.flat()), 2)} ms, worst ${round(Math.max(...times.flat()))} ms`,
    }),
    judge({
      id: 'nothing-p99',
      what: 'two requests that do nothing, p99',
      values: nothing.map((round) => quantile(round, 0.99)),
      unit: 'ms',
      digits: 2,
      note: `median ${round(median(nothing.flat()), 2)} ms`,
    }),
  ];
}
