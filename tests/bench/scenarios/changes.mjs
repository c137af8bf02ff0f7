// @ts-check
import jpegTurbo from '@julusian/jpeg-turbo';
import { judge } from '../report/result.mjs';
import { median, quantile, sleep } from '../support/statistics.mjs';
import { SCREEN } from '../support/virtual-screen.mjs';
import { X11Painter } from '../support/x11-painter.mjs';
import { observe, repeat, watch } from './observe.mjs';

/** @typedef {import('./observe.mjs').Rig} Rig */
/** @typedef {import('./observe.mjs').Result} Result */

const CHANGES_PER_ROUND = 40;
const FIRST_CHANGES_PER_ROUND = 4;
/** A screen is treated as still after one second. */
const STILL_MS = 1800;

/**
 * From a change of the screen to the picture of it at the viewer's socket, while the screen keeps changing.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureLatency({ agent, display, rounds }) {
  const times = await repeat(rounds, () =>
    watchChanges(agent, display, CHANGES_PER_ROUND, () => 100 + Math.random() * 100),
  );
  const note = `${CHANGES_PER_ROUND} changes a round, worst ${Math.round(Math.max(...times.flat()))} ms`;
  return [
    judge({
      id: 'latency-median',
      what: 'high: screen change to JPEG at the socket, p50',
      values: times.map(median),
      unit: 'ms',
      bar: 28,
      note,
    }),
    judge({
      id: 'latency-p95',
      what: 'high: screen change to JPEG at the socket, p95',
      values: times.map((round) => quantile(round, 0.95)),
      unit: 'ms',
      bar: 40,
    }),
  ];
}

/**
 * A screen on which nothing happens, with a viewer, and the first change on it.
 * @param {Rig} rig
 * @returns {Promise<Result[]>}
 */
export async function measureStillScreen({ agent, display, seconds, rounds }) {
  const sessionId = await agent.startShare('high');
  const viewer = await watch(agent, sessionId);
  await sleep(3000);
  const still = await repeat(rounds, () => observe(agent.pid, viewer, seconds));
  viewer.close();
  await agent.stopShare(sessionId);
  const times = await repeat(rounds, () =>
    watchChanges(agent, display, FIRST_CHANGES_PER_ROUND, () => STILL_MS + Math.random() * 200),
  );
  return [
    judge({
      id: 'still-cpu',
      what: 'still screen, one viewer: CPU of one core',
      values: still.map(({ cpuPercent }) => cpuPercent),
      unit: '%',
      bar: 4,
    }),
    judge({
      id: 'still-parts',
      what: 'still screen, one viewer: parts',
      values: still.map(({ partsPerSecond }) => partsPerSecond),
      unit: '/s',
      bar: 1.2,
      digits: 2,
    }),
    judge({
      id: 'still-change',
      what: 'still screen: first change at the viewer, worst',
      values: times.map((round) => Math.max(...round)),
      unit: 'ms',
      bar: 150,
      worst: true,
      digits: 0,
      note: `median ${Math.round(median(times.flat()))} ms of ${times.flat().length}`,
    }),
  ];
}

/**
 * Paints a rectangle in turns white and black and finds the first picture that shows each.
 * @param {Rig['agent']} agent
 * @param {string} display
 * @param {number} changes
 * @param {() => number} pauseMs How long to wait after each.
 * @returns {Promise<number[]>} Milliseconds from each change to its picture.
 */
async function watchChanges(agent, display, changes, pauseMs) {
  const painter = new X11Painter(display, SCREEN);
  await painter.open();
  await painter.fill(0);
  const sessionId = await agent.startShare('high');
  const viewer = await watch(agent, sessionId, { keepJpegs: true });
  await sleep(pauseMs() + 500);
  /** @type {{ atMs: number, isWhite: boolean, fromPart: number }[]} */
  const painted = [];
  for (let change = 1; change <= changes; change++) {
    const isWhite = change % 2 === 1;
    const fromPart = viewer.parts.length;
    const atMs = performance.now();
    await painter.fill(isWhite ? 0xffffff : 0);
    painted.push({ atMs, isWhite, fromPart });
    await sleep(pauseMs());
  }
  // Pictures are looked at afterwards, so that decoding takes nothing from the agent.
  const times = painted.flatMap(({ atMs, isWhite, fromPart }) => {
    const part = viewer.parts.slice(fromPart).find(({ jpeg }) => jpeg && isRectangleWhite(jpeg) === isWhite);
    return part ? [part.atMs - atMs] : [];
  });
  viewer.close();
  await agent.stopShare(sessionId);
  painter.close();
  if (times.length < changes) throw new Error(`${changes - times.length} changes never reached the viewer`);
  return times;
}

/**
 * Looks beside the centre, where the pointer is.
 * @param {Buffer} jpeg
 * @returns {boolean}
 */
function isRectangleWhite(jpeg) {
  const { data, width, height } = jpegTurbo.decompressSync(jpeg, { format: jpegTurbo.FORMAT_RGBX });
  const [x, y] = [Math.floor(width / 2) - 50, Math.floor(height / 2) - 50];
  return (data[(y * width + x) * 4] ?? 0) > 127;
}
