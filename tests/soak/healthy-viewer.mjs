// @ts-check
import { MjpegClient } from '../bench/support/mjpeg-client.mjs';
import { PictureWatch } from './picture-watch.mjs';

/** How often the picture is looked at. */
const LOOK_MS = 500;

/** A viewer that takes every picture, and whose pictures are judged. */
export class HealthyViewer {
  watch = new PictureWatch(performance.now());
  #clock;
  #client;
  /** @type {Buffer | null} */
  #newest = null;
  #timer;

  /**
   * @param {import('./soak-rig.mjs').SoakRig} rig
   * @param {string} sessionId
   * @param {string} quality
   */
  constructor(rig, sessionId, quality) {
    /** May change while it watches. */
    this.quality = quality;
    this.#clock = rig.clock;
    this.#client = new MjpegClient(rig.agent.streamUrl(sessionId), {
      keepJpegs: true,
      onPart: ({ jpeg }) => {
        this.#newest = jpeg;
        if (this.watch.firstPictureMs === null || this.watch.isRecovering) this.#look();
      },
      onEnd: (reason) => rig.fault(`a healthy viewer of ${sessionId} lost its stream: ${reason}`),
    });
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Leaves, and closes the account. */
  close() {
    clearInterval(this.#timer);
    this.#client.close();
    this.watch.finish(performance.now());
  }

  #look() {
    this.watch.onLook(performance.now(), this.#newest && this.#clock.read(this.#newest));
  }
}
