// @ts-check
import { judge } from '../report/result.mjs';
import { framesPerSecond, MjpegClient } from '../support/mjpeg-client.mjs';
import { sleep } from '../support/statistics.mjs';
import { startPattern } from '../support/virtual-screen.mjs';
import { PRESETS, repeat, watch } from './observe.mjs';

/** @typedef {import('./observe.mjs').Rig} Rig */
/** @typedef {import('./observe.mjs').Result} Result */

/** So soon after the first viewer came the capture is to be at its full rate. */
const FULL_RATE_AFTER_MS = 100;
const FULL_RATE_FOR_MS = 1000;

/**
 * From the request to start a share to the first frame at a viewer: with no capture running before, and with one that
 * another session has.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureStart({ agent, rounds }) {
  const tries = rounds + 2;
  const startAndWatch = async () => {
    const startedAtMs = performance.now();
    const sessionId = await agent.startShare('high');
    const viewer = new MjpegClient(agent.streamUrl(sessionId));
    const { atMs } = await viewer.ready();
    viewer.close();
    await agent.stopShare(sessionId);
    await sleep(300);
    return atMs - startedAtMs;
  };
  const cold = await repeat(tries, startAndWatch);
  const other = await agent.startShare('high');
  (await watch(agent, other)).close();
  const warm = await repeat(tries, startAndWatch);
  await agent.stopShare(other);
  const common = { unit: 'ms', bar: 700, worst: true, digits: 0 };
  return [
    judge({
      id: 'start-cold',
      what: 'start request to first frame, nothing captured before, worst',
      values: cold,
      ...common,
    }),
    judge({
      id: 'start-warm',
      what: 'start request to first frame, capture running, worst',
      values: warm,
      ...common,
    }),
  ];
}

/**
 * How fast a capture that nobody watched comes to its full rate when somebody does.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureFirstViewer({ agent, display, rounds }) {
  const pattern = await startPattern(display);
  const sessionId = await agent.startShare('high');
  (await watch(agent, sessionId)).close();
  const rates = await repeat(rounds + 2, async () => {
    // By then it has slowed down, and is somewhere between two of its rare looks.
    await sleep(1500 + Math.random() * 500);
    const joinedAtMs = performance.now();
    const viewer = new MjpegClient(agent.streamUrl(sessionId));
    await sleep(FULL_RATE_AFTER_MS + FULL_RATE_FOR_MS + 100);
    viewer.close();
    const fromMs = joinedAtMs + FULL_RATE_AFTER_MS;
    const parts = viewer.parts.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + FULL_RATE_FOR_MS);
    return framesPerSecond(parts, FULL_RATE_FOR_MS / 1000);
  });
  await agent.stopShare(sessionId);
  await pattern.close();
  return [
    judge({
      id: 'first-viewer',
      what: 'high: frames in the second from 100 ms after the first viewer',
      values: rates,
      unit: '/s',
      sense: 'least',
      bar: 0.95 * PRESETS.high.framesPerSecond,
    }),
  ];
}
