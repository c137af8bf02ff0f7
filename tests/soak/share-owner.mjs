// @ts-check

/**
 * A share and whoever owns it.
 * @typedef {object} OwnedShare
 * @property {string} sessionId
 * @property {string} quality That it was started with.
 * @property {import('./healthy-viewer.mjs').HealthyViewer} viewer
 * @property {number} lifeMs
 */

/** @typedef {import('./soak-rig.mjs').SoakRig} SoakRig */
/** @typedef {import('../bench/support/seeded-random.mjs').SeededRandom} SeededRandom */

const PAUSE_MS = 2500;

/**
 * What the owner of a share does while it is on: takes pictures of it, looks at its figures and at what else could be
 * shared, changes its quality, pauses it. Done when the share is to end.
 * @param {SoakRig} rig
 * @param {SeededRandom} random
 * @param {OwnedShare} share
 */
export async function workOnShare(rig, random, share) {
  const { sessionId, lifeMs } = share;
  const endsAtMs = performance.now() + lifeMs;
  for (;;) {
    const waitMs = random.between(1500, 6000);
    if (performance.now() + waitMs + PAUSE_MS > endsAtMs) return;
    await rig.pause(waitMs);
    if (rig.isOver) return;
    switch (random.pick(['snapshot', 'snapshot', 'state', 'sources', 'quality', 'pause'])) {
      case 'snapshot':
        await takeSnapshot(rig, random, sessionId);
        break;
      case 'state':
        await rig.call('GET', `/stream/${sessionId}/state`);
        break;
      case 'sources':
        await rig.call('GET', '/api/screen_share/sources');
        break;
      case 'quality':
        await changeQuality(rig, random, share);
        break;
      default:
        await pauseAWhile(rig, share);
    }
  }
}

/**
 * @param {SoakRig} rig
 * @param {SeededRandom} random
 * @param {string} sessionId
 */
async function takeSnapshot(rig, random, sessionId) {
  const format = random.pick(['jpeg', 'jpeg', 'png', 'webp']);
  const width = random.pick(['', '&width=320', '&width=1000']);
  // There is none while the capture process is being replaced.
  await rig.call('GET', `/stream/${sessionId}/snapshot?format=${format}${width}`, undefined, [200, 503]);
  rig.count('snapshots');
}

/**
 * Between the presets whose capture processes are killed; the lowest stays what it is.
 * @param {SoakRig} rig
 * @param {SeededRandom} random
 * @param {OwnedShare} share
 */
async function changeQuality(rig, random, { sessionId, viewer }) {
  if (viewer.quality === 'low') return;
  const quality = random.pick(['medium', 'high']);
  await rig.call('POST', `/api/screen_share/update/${sessionId}`, { quality });
  viewer.quality = quality;
  rig.count('changes of quality');
}

/**
 * @param {SoakRig} rig
 * @param {OwnedShare} share
 */
async function pauseAWhile(rig, { sessionId, viewer }) {
  const setPaused = (/** @type {boolean} */ paused) =>
    rig.call('POST', `/api/screen_share/update/${sessionId}`, { paused });
  viewer.watch.onPause();
  await setPaused(true);
  await rig.pause(PAUSE_MS);
  const resumedAtMs = performance.now();
  await setPaused(false);
  viewer.watch.onResume(resumedAtMs);
  rig.count('pauses');
}
