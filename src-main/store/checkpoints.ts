import { stat } from 'node:fs/promises';
import type { Clock } from '../clock.ts';
import type { CheckpointThread } from './checkpoint-thread.ts';
import { KEPT_LOG_BYTES, PAGE_BYTES } from './database.ts';

/** What {@link Checkpoints} work with. */
export interface CheckpointsOptions {
  readonly clock: Clock;
  readonly databaseFile: string;
  /** Closed with them. */
  readonly thread: Pick<CheckpointThread, 'carry' | 'close'>;
  /** Gets what it failed with. */
  readonly onError: (error: unknown) => void;
}

/** Writes within this time are looked at together. */
const LOOK_DELAY_MS = 100;
/** A log that has grown by less is left alone: each checkpoint makes the disk write everything out. */
const STEP_BYTES = 1024 * 1024;

/**
 * Has the database's write-ahead log carried over while it grows, so that the connection which everybody waits for finds
 * next to nothing to carry when its own turn comes ({@link openDatabase}). Where that cannot be, it carries all of it, as
 * ever. How far the log has grown is read from its size: it is cut back whenever it begins anew.
 */
export class Checkpoints {
  readonly #options: CheckpointsOptions;
  #cancelLook: (() => void) | null = null;
  #isCarrying = false;
  #carriedBytes = 0;
  #isClosed = false;

  constructor(options: CheckpointsOptions) {
    this.#options = options;
  }

  /** To be called after writes, as often as one likes. */
  noteWrite(): void {
    if (this.#isClosed || this.#isCarrying || this.#cancelLook) return;
    this.#cancelLook = this.#options.clock.after(LOOK_DELAY_MS, () => {
      this.#cancelLook = null;
      void this.#look();
    });
  }

  /** Looks no more, and ends the thread. To be called before the database is closed. Idempotent. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelLook?.();
    this.#cancelLook = null;
    return this.#options.thread.close();
  }

  async #look(): Promise<void> {
    const { databaseFile, thread, onError } = this.#options;
    this.#isCarrying = true;
    try {
      const { size } = await stat(`${databaseFile}-wal`);
      // Small again: what was carried over has made room for what is written now.
      if (size <= KEPT_LOG_BYTES) this.#carriedBytes = 0;
      else if (size - this.#carriedBytes >= STEP_BYTES && !this.#isClosed) {
        const { carriedPages } = await thread.carry();
        this.#carriedBytes = Math.max(0, carriedPages) * PAGE_BYTES;
      }
    } catch (error) {
      if (!this.#isClosed) onError(error);
    } finally {
      this.#isCarrying = false;
    }
  }
}
