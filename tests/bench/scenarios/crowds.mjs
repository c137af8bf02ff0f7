// @ts-check
import { judge } from '../report/result.mjs';
import { MjpegClient } from '../support/mjpeg-client.mjs';
import { cpuSecondsOfTree, privateBytesOfTree } from '../support/process-tree.mjs';
import { median, round, sleep } from '../support/statistics.mjs';
import { startPattern } from '../support/virtual-screen.mjs';
import { observe, observeAll, PRESETS, repeat, watch } from './observe.mjs';

/** @typedef {import('./observe.mjs').Rig} Rig */
/** @typedef {import('./observe.mjs').Result} Result */

const CROWD = 50;
const SMALL_CROWD = 20;
const SLOW_BITS_PER_SECOND = 1_000_000;

/** As many as may watch one share; some of them have stopped, as many are slower than the stream. */
const HOUSE = 200;
const STOPPED = 20;
const SLOW = 20;
/** A tenth of what `low` takes. */
const HOUSE_SLOW_BITS_PER_SECOND = 130_000;

/**
 * Fifty viewers of one share, against one.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureCrowd({ agent, display, seconds, rounds }) {
  const pattern = await startPattern(display);
  const sessionId = await agent.startShare('medium');
  const first = await watch(agent, sessionId);
  await sleep(2000);
  const alone = await repeat(rounds, async () => ({
    ...(await observe(agent.pid, first, seconds)),
    privateBytes: privateBytesOfTree(agent.pid),
  }));
  const bytesBefore = median(alone.map(({ privateBytes }) => privateBytes));
  const viewers = [first];
  while (viewers.length < CROWD) viewers.push(new MjpegClient(agent.streamUrl(sessionId)));
  await Promise.all(viewers.map((viewer) => viewer.ready()));
  await sleep(1000);
  const together = await repeat(rounds, async () => {
    const cpuBefore = cpuSecondsOfTree(agent.pid);
    const rates = await observeAll(viewers, seconds);
    const cpuPercent = (100 * (cpuSecondsOfTree(agent.pid) - cpuBefore)) / seconds;
    return {
      slowest: Math.min(...rates),
      cpuPercent,
      grownBytes: privateBytesOfTree(agent.pid) - bytesBefore,
    };
  });
  for (const viewer of viewers) viewer.close();
  await agent.stopShare(sessionId);
  await pattern.close();
  const frameBytes = median(alone.map((observation) => observation.frameBytes));
  const grown = median(together.map(({ grownBytes }) => grownBytes));
  return [
    judge({
      id: 'crowd-fps',
      what: `${CROWD} viewers at medium: frames at the slowest`,
      values: together.map(({ slowest }) => slowest),
      unit: '/s',
      sense: 'least',
      bar: 0.95 * PRESETS.medium.framesPerSecond,
      note: `alone ${round(median(alone.map(({ framesPerSecond }) => framesPerSecond)))} /s`,
    }),
    judge({
      id: 'crowd-memory',
      what: `${CROWD} viewers: memory growth, frames per viewer`,
      values: together.map(({ grownBytes }) => grownBytes / (CROWD - 1) / frameBytes),
      bar: 2,
      digits: 2,
      note: `${round(grown / 2 ** 20)} MiB`,
    }),
    judge({
      id: 'crowd-cpu',
      what: `${CROWD} viewers: CPU of one core`,
      values: together.map(({ cpuPercent }) => cpuPercent),
      unit: '%',
      note: `alone ${round(median(alone.map(({ cpuPercent }) => cpuPercent)))} %`,
    }),
  ];
}

/**
 * One viewer that stopped and one with 1 Mbit/s among twenty.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureUnfairCrowd({ agent, display, seconds, rounds }) {
  const pattern = await startPattern(display);
  const sessionId = await agent.startShare('medium');
  const viewers = Array.from({ length: SMALL_CROWD }, () => new MjpegClient(agent.streamUrl(sessionId)));
  await Promise.all(viewers.map((viewer) => viewer.ready()));
  await sleep(1500);
  const [stopped, slow, ...healthy] = viewers;
  const before = median((await repeat(rounds, () => observeAll(healthy, seconds))).flat());
  stopped?.pause();
  slow?.throttle(SLOW_BITS_PER_SECOND);
  await sleep(1000);
  const after = (await repeat(rounds, () => observeAll(healthy, seconds))).map((rates) => Math.min(...rates));
  for (const viewer of viewers) viewer.close();
  await agent.stopShare(sessionId);
  await pattern.close();
  return [
    judge({
      id: 'unfair-crowd',
      what: `one stopped, one at 1 Mbit/s among ${SMALL_CROWD}: the slowest other keeps`,
      values: after.map((rate) => (100 * rate) / before),
      unit: '%',
      sense: 'least',
      bar: 98,
      note: `${round(before)} /s before, ${round(median(after))} /s`,
    }),
  ];
}

/**
 * Two hundred viewers of one share, twenty of which are slow and twenty have stopped, until the agent ends those: they
 * take nothing for ten seconds.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureFullHouse({ agent, display, seconds, rounds }) {
  const pattern = await startPattern(display);
  const sessionId = await agent.startShare('low');
  /** @type {MjpegClient[]} */
  const viewers = [];
  while (viewers.length < HOUSE) viewers.push(new MjpegClient(agent.streamUrl(sessionId)));
  await Promise.all(viewers.map((viewer) => viewer.ready()));
  const stopped = viewers.slice(0, STOPPED);
  const slow = viewers.slice(STOPPED, STOPPED + SLOW);
  const healthy = viewers.slice(STOPPED + SLOW);
  for (const viewer of stopped) viewer.pause();
  for (const viewer of slow) viewer.throttle(HOUSE_SLOW_BITS_PER_SECOND);
  await sleep(2000);
  const figures = await repeat(rounds, async () => {
    const cpuBefore = cpuSecondsOfTree(agent.pid);
    const [rates, slowRates] = await Promise.all([observeAll(healthy, seconds), observeAll(slow, seconds)]);
    const cpuPercent = (100 * (cpuSecondsOfTree(agent.pid) - cpuBefore)) / seconds;
    return { slowest: Math.min(...rates), slow: Math.min(...slowRates), cpuPercent };
  });
  for (const viewer of viewers) viewer.close();
  await agent.stopShare(sessionId);
  await pattern.close();
  return [
    judge({
      id: 'house-fps',
      what: `${HOUSE} viewers at low, ${STOPPED} stopped, ${SLOW} slow: frames at the slowest other`,
      values: figures.map(({ slowest }) => slowest),
      unit: '/s',
      sense: 'least',
      bar: 0.95 * PRESETS.low.framesPerSecond,
      note: `the slow ones ${round(median(figures.map((figure) => figure.slow)))} /s`,
    }),
    judge({
      id: 'house-cpu',
      what: `${HOUSE} viewers at low: CPU of one core`,
      values: figures.map(({ cpuPercent }) => cpuPercent),
      unit: '%',
    }),
  ];
}
