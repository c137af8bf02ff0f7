// @ts-check
import { framesPerSecond, MjpegClient } from '../support/mjpeg-client.mjs';
import { cpuSecondsOfTree } from '../support/process-tree.mjs';
import { sleep } from '../support/statistics.mjs';

/**
 * What a scenario works with.
 * @typedef {object} Rig
 * @property {import('../support/agent-process.mjs').AgentProcess} agent
 * @property {string} display
 * @property {number} seconds How long one round takes.
 * @property {number} rounds How often each figure is measured; medians count.
 */

/** @typedef {import('../report/result.mjs').Result} Result */
/** @typedef {'high' | 'medium' | 'low'} Quality */

/** The presets of the contract. */
export const PRESETS = {
  high: { widthPx: 1920, framesPerSecond: 60 },
  medium: { widthPx: 1280, framesPerSecond: 30 },
  low: { widthPx: 640, framesPerSecond: 15 },
};

/**
 * What happened at one viewer, and in a tree of processes, for a while.
 * @typedef {{ framesPerSecond: number, partsPerSecond: number, cpuPercent: number, cpuMsPerFrame: number, frameBytes: number }} Observation
 */

/**
 * @param {number} pid The root of the processes that serve the viewer.
 * @param {MjpegClient} viewer
 * @param {number} seconds
 * @returns {Promise<Observation>}
 */
export async function observe(pid, viewer, seconds) {
  const from = viewer.parts.length;
  const cpuBefore = cpuSecondsOfTree(pid);
  const startedAtMs = performance.now();
  await sleep(seconds * 1000);
  const elapsed = (performance.now() - startedAtMs) / 1000;
  const cpuSeconds = cpuSecondsOfTree(pid) - cpuBefore;
  const parts = viewer.parts.slice(from);
  const rate = framesPerSecond(parts, elapsed);
  return {
    framesPerSecond: rate,
    partsPerSecond: parts.length / elapsed,
    cpuPercent: (100 * cpuSeconds) / elapsed,
    cpuMsPerFrame: (1000 * cpuSeconds) / (rate * elapsed),
    frameBytes: parts.reduce((sum, { bytes }) => sum + bytes, 0) / Math.max(1, parts.length),
  };
}

/**
 * How many frames per second each viewer got, at the same time.
 * @param {readonly MjpegClient[]} viewers
 * @param {number} seconds
 * @returns {Promise<number[]>}
 */
export async function observeAll(viewers, seconds) {
  const from = viewers.map((viewer) => viewer.parts.length);
  const startedAtMs = performance.now();
  await sleep(seconds * 1000);
  const elapsed = (performance.now() - startedAtMs) / 1000;
  return viewers.map((viewer, index) => framesPerSecond(viewer.parts.slice(from[index]), elapsed));
}

/**
 * Repeats a measurement.
 * @template T
 * @param {number} rounds
 * @param {() => Promise<T>} measure
 * @returns {Promise<T[]>}
 */
export async function repeat(rounds, measure) {
  const results = [];
  for (let round = 0; round < rounds; round++) results.push(await measure());
  return results;
}

/**
 * A viewer of a session that has had its first picture.
 * @param {Rig['agent']} agent
 * @param {string} sessionId
 * @param {import('../support/mjpeg-client.mjs').MjpegClientOptions} [options]
 * @returns {Promise<MjpegClient>}
 */
export async function watch(agent, sessionId, options) {
  const viewer = new MjpegClient(agent.streamUrl(sessionId), options);
  await viewer.ready();
  return viewer;
}
