// @ts-check
import { MjpegClient } from '../bench/support/mjpeg-client.mjs';
import { HealthyViewer } from './healthy-viewer.mjs';
import { STALL_MS } from './picture-watch.mjs';
import { workOnShare } from './share-owner.mjs';

/** About two pictures per second at the lowest preset. */
const SLOW_BITS_PER_SECOND = 200_000;

/** @typedef {import('./soak-rig.mjs').SoakRig} SoakRig */
/** @typedef {'fast' | 'slow' | 'stopped' | 'abrupt'} ViewerKind */

/** The screen shares of a soak: one that stays, others that come and go, and their viewers. */
export class ShareTraffic {
  /** The accounts of all healthy viewers that have left. */
  watches = /** @type {import('./picture-watch.mjs').PictureWatch[]} */ ([]);
  #rig;
  /** @type {Set<HealthyViewer>} */
  #healthy = new Set();
  /** @type {{ atMs: number, concerns: (quality: string) => boolean } | null} */
  #lastKill = null;

  /**
   * @param {SoakRig} rig
   */
  constructor(rig) {
    this.#rig = rig;
  }

  /**
   * Tells every viewer of such a share that its capture was killed.
   * @param {(quality: string) => boolean} concerns
   */
  onKill(concerns) {
    const atMs = performance.now();
    this.#lastKill = { atMs, concerns };
    for (const viewer of this.#healthy) if (concerns(viewer.quality)) viewer.watch.onKill(atMs);
  }

  /** How many healthy viewers of such a share have a picture now. */
  countSeeing(concerns = (/** @type {string} */ _quality) => true) {
    return [...this.#healthy].filter(
      ({ quality, watch }) =>
        concerns(quality) && watch.firstPictureMs !== null && !watch.isRecovering && !watch.isPaused,
    ).length;
  }

  /** One share at the lowest preset, and its viewer, from the beginning to the end. */
  async stay() {
    const sessionId = await this.#start('low');
    if (!sessionId) return;
    const viewer = this.#addHealthy(sessionId, 'low');
    while (!this.#rig.isOver) await this.#rig.pause(60_000);
    this.#removeHealthy(viewer);
    await this.#stop(sessionId);
  }

  /**
   * One share after another, each with viewers of all kinds.
   * @param {number} stream Which random numbers to use.
   */
  async comeAndGo(stream) {
    const random = this.#rig.random(stream);
    while (!this.#rig.isOver) {
      const quality = random.pick(['low', 'low', 'medium', 'medium', 'medium', 'high']);
      const sessionId = await this.#start(quality);
      if (!sessionId) return;
      const lifeMs = random.between(4000, quality === 'high' ? 12_000 : 40_000);
      const viewer = this.#addHealthy(sessionId, quality);
      const kinds = Array.from({ length: Math.floor(random.between(0, 4)) }, () =>
        random.pick(/** @type {const} */ (['fast', 'slow', 'stopped', 'abrupt'])),
      );
      const visits = kinds.map((kind) => this.#visit(sessionId, kind, random.between(0, lifeMs / 2), lifeMs));
      const work = workOnShare(this.#rig, random, { sessionId, quality, viewer, lifeMs });
      await this.#rig.pause(lifeMs);
      await work;
      this.#removeHealthy(viewer);
      await this.#stop(sessionId);
      await Promise.all(visits);
      await this.#rig.pause(random.between(200, 5000));
    }
  }

  /**
   * @param {string} sessionId
   * @param {ViewerKind} kind
   * @param {number} afterMs
   * @param {number} lifeMs Of the session; the viewer may leave earlier.
   */
  async #visit(sessionId, kind, afterMs, lifeMs) {
    await this.#rig.pause(afterMs);
    if (this.#rig.isOver) return;
    this.#rig.count(`${kind} viewers`);
    let seen = 0;
    const client = new MjpegClient(this.#rig.agent.streamUrl(sessionId), {
      onPart: () => {
        seen += 1;
        if (seen > 1) return;
        if (kind === 'slow') client.throttle(SLOW_BITS_PER_SECOND);
        if (kind === 'stopped') client.pause();
      },
    });
    await this.#rig.pause((lifeMs - afterMs) * (kind === 'stopped' ? 1 : 0.6));
    if (kind === 'abrupt') client.abort();
    else client.close();
  }

  /**
   * @param {string} quality
   * @returns {Promise<string | undefined>}
   */
  async #start(quality) {
    const { session_id: sessionId } = await this.#rig.call('POST', '/api/screen_share/start', { quality });
    this.#rig.count('screen shares');
    return sessionId;
  }

  /**
   * @param {string} sessionId
   */
  async #stop(sessionId) {
    await this.#rig.call('POST', '/api/screen_share/stop', { session_id: sessionId });
  }

  /**
   * @param {string} sessionId
   * @param {string} quality
   */
  #addHealthy(sessionId, quality) {
    const viewer = new HealthyViewer(this.#rig, sessionId, quality);
    this.#rig.count('healthy viewers');
    this.#healthy.add(viewer);
    // Whoever comes while a capture recovers waits for the rest of that, not for a first picture alone.
    const { atMs, concerns } = this.#lastKill ?? { atMs: Number.NEGATIVE_INFINITY, concerns: () => false };
    if (concerns(quality) && performance.now() - atMs < STALL_MS) viewer.watch.onKill(atMs);
    return viewer;
  }

  /**
   * @param {HealthyViewer} viewer
   */
  #removeHealthy(viewer) {
    this.#healthy.delete(viewer);
    viewer.close();
    this.watches.push(viewer.watch);
  }
}
