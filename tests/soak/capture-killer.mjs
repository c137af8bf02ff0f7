// @ts-check
import { findCaptureProcesses } from './process-sampler.mjs';

/** @typedef {import('./soak-rig.mjs').SoakRig} SoakRig */

/** The preset whose capture is spared: its process is to live from the beginning to the end. */
const isExposed = (/** @type {string} */ quality) => quality !== 'low';

/**
 * Kills every capture process but the spared one now and then, as a fault in it would.
 * @param {SoakRig} rig
 * @param {import('./share-traffic.mjs').ShareTraffic} shares
 * @param {{ sparedPid: number, everyMs: number, stream: number, atMs: number[] }} options To `atMs` go the times of all kills.
 */
export async function killCaptures(rig, shares, { sparedPid, everyMs, stream, atMs }) {
  const random = rig.random(stream);
  while (!rig.isOver) {
    await rig.pause(random.between(0.5 * everyMs, 1.5 * everyMs));
    while (!rig.isOver && shares.countSeeing(isExposed) === 0) await rig.pause(250);
    if (rig.isOver) return;
    atMs.push(performance.now());
    shares.onKill(isExposed);
    for (const pid of findCaptureProcesses(rig.agent.pid)) {
      if (pid === sparedPid) continue;
      process.kill(pid, 'SIGKILL');
      rig.count('capture processes killed');
    }
  }
}
