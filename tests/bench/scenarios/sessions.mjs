// @ts-check
import { judge } from '../report/result.mjs';
import { callApi } from '../support/api-call.mjs';
import { privateBytes } from '../support/process-tree.mjs';
import { median, quantile, round, sleep } from '../support/statistics.mjs';
import { repeat } from './observe.mjs';

const WARM_UP_PAIRS = 50;
const PAIRS_PER_ROUND = 200;

const CLIENTS = 8;
/** Of all rounds together. */
const PAIRS_AT_ONCE = 4000;
/** Until then the collector of JavaScript's garbage has had its turn. */
const REST_SECONDS = 30;
const MEGABYTE = 1_000_000;

const MOST_MS = 10;
/** On the machine for which that was set, two requests that do nothing took 3.85 ms: a slower one has as many times longer. */
const MOST_TIMES_NOTHING_ALONE = 2.6;

/** A start and a stop write to the disk and tell everybody of it; two requests that do nothing only come and go. */
const MOST_TIMES_NOTHING = 4;
const MOST_MEGABYTES_KEPT = 16;

/**
 * How long a start and the stop after it take together over the API: one after the other on one connection, and by eight
 * clients at once, with what that leaves in memory. A session is on disk before its start is answered, and archived before
 * its stop is; that all are on record is checked here, that they survive `kill -9` is what `npm run crash` tries.
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
  await timePairs(WARM_UP_PAIRS, 1, startAndStop);
  const archivedBefore = await countArchived();
  // Side by side: what else the machine does is the same for both.
  const alone = await repeat(rounds, async () => ({
    sessions: (await timePairs(PAIRS_PER_ROUND, 1, startAndStop)).times,
    nothing: (await timePairs(PAIRS_PER_ROUND, 1, askTwice)).times,
  }));
  const times = alone.map(({ sessions }) => sessions);
  const nothing = alone.map((round) => round.nothing);

  const bytesBefore = privateBytes(agent.pid);
  const pairs = Math.ceil(PAIRS_AT_ONCE / rounds);
  const crowd = await repeat(rounds, async () => ({
    sessions: await timePairs(pairs, CLIENTS, startAndStop),
    nothing: await timePairs(pairs, CLIENTS, askTwice),
  }));
  const bytesAfter = privateBytes(agent.pid);
  await sleep(REST_SECONDS * 1000);
  const bytesAtRest = privateBytes(agent.pid);

  const lost = rounds * (PAIRS_PER_ROUND + pairs) - ((await countArchived()) - archivedBefore);
  if (lost !== 0) throw new Error(`${lost} sessions that were stopped are not on record`);
  const ofAll = crowd.flatMap(({ sessions }) => sessions.times);
  return [
    judge({
      id: 'session-p99',
      what: 'start to stop of a session over the API, p99',
      values: times.map((round) => quantile(round, 0.99)),
      unit: 'ms',
      bar: Math.max(MOST_MS, MOST_TIMES_NOTHING_ALONE * median(nothing.map(p99))),
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
    judge({
      id: 'sessions-at-once',
      what: `start and stop by ${CLIENTS} clients at once, p99 against two requests that do nothing`,
      values: crowd.map(({ sessions, nothing: beside }) => p99(sessions.times) / p99(beside.times)),
      bar: MOST_TIMES_NOTHING,
      digits: 2,
      note:
        `median ${round(median(ofAll), 1)} ms, p99 ${round(p99(ofAll), 1)} ms, ` +
        `${round(median(crowd.map(({ sessions }) => sessions.perSecond)), 0)} pairs per second`,
    }),
    judge({
      id: 'sessions-memory',
      what: `memory of the main process ${REST_SECONDS} s after ${rounds * pairs} starts and stops, against before`,
      values: [(bytesAtRest - bytesBefore) / MEGABYTE],
      unit: 'MB',
      bar: MOST_MEGABYTES_KEPT,
      note: `${round((bytesAfter - bytesBefore) / MEGABYTE)} MB at the end of them`,
    }),
  ];
}

/**
 * Runs something so many times, by so many clients at once.
 * @param {number} pairs
 * @param {number} clients
 * @param {() => Promise<void>} runPair
 * @returns {Promise<{ times: number[], perSecond: number }>} How long each took in ms.
 */
async function timePairs(pairs, clients, runPair) {
  /** @type {number[]} */
  const times = [];
  let left = pairs;
  const startedAtMs = performance.now();
  const work = async () => {
    while (left > 0) {
      left -= 1;
      const pairStartedAtMs = performance.now();
      await runPair();
      times.push(performance.now() - pairStartedAtMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, work));
  return { times, perSecond: (1000 * pairs) / (performance.now() - startedAtMs) };
}

/**
 * @param {readonly number[]} times
 * @returns {number}
 */
function p99(times) {
  return quantile(times, 0.99);
}
