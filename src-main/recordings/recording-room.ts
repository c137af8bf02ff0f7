import { statfs } from 'node:fs/promises';
import path from 'node:path';
import type { Settings } from '#shared/settings';
import type { Clock } from '../clock.ts';
import type { RecordingEnd } from './recording-run.ts';

const MEGABYTE = 1_000_000;
/** Asking the file system for each piece would be more work than writing it. */
const ASK_EVERY_MS = 1000;

/** How much recordings may take, by the settings. */
export type RoomSettings = Pick<
  Settings,
  'recordingMaxMegabytes' | 'recordingsMaxMegabytes' | 'recordingKeepFreeMegabytes'
>;

/** Knows how much room there is for recordings: by the settings, and on the disk. */
export class RecordingRoom {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #settings: () => RoomSettings;
  #freeBytes = Number.POSITIVE_INFINITY;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(folder: string, clock: Clock, settings: () => RoomSettings) {
    this.#folder = folder;
    this.#clock = clock;
    this.#settings = settings;
  }

  /** How much all recordings may take together. */
  get limitBytes(): number {
    return this.#settings().recordingsMaxMegabytes * MEGABYTE;
  }

  /**
   * Why a recording of `ownBytes` has to end, where all of them together take `usedBytes`; null if it may go on. Too
   * little left on the disk is a failure, a limit that somebody has set is not.
   */
  async findLack(
    ownBytes: number,
    usedBytes: number,
  ): Promise<Pick<RecordingEnd, 'state' | 'reason'> | null> {
    const { recordingMaxMegabytes, recordingKeepFreeMegabytes } = this.#settings();
    if (ownBytes > recordingMaxMegabytes * MEGABYTE)
      return { state: 'finished', reason: `It reached the limit of ${recordingMaxMegabytes} MB` };
    if (usedBytes > this.limitBytes)
      return {
        state: 'finished',
        reason: `All recordings together reached their limit of ${this.#settings().recordingsMaxMegabytes} MB`,
      };
    const keepBytes = recordingKeepFreeMegabytes * MEGABYTE;
    if ((await this.#askFree()) >= keepBytes) return null;
    return {
      state: 'failed',
      reason: `The disk is nearly full: less than ${recordingKeepFreeMegabytes} MB are free`,
    };
  }

  async #askFree(): Promise<number> {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#askedAtMs >= ASK_EVERY_MS) {
      this.#askedAtMs = nowMs;
      // The folder is made with the first recording; a file system that does not tell says so by its writes.
      const told = await statfs(this.#folder).catch(() =>
        statfs(path.dirname(this.#folder)).catch(() => null),
      );
      this.#freeBytes = told ? told.bavail * told.bsize : Number.POSITIVE_INFINITY;
    }
    return this.#freeBytes;
  }
}
