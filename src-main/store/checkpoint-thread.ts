import type { Clock } from '../clock.ts';
import { DeadlineThread } from '../deadline-thread.ts';

/** How far the write-ahead log of a database has been carried into its main file. Both are -1 where another did it just then. */
export interface CheckpointOutcome {
  readonly writtenPages: number;
  readonly carriedPages: number;
}

/** A disk that takes longer has other troubles, and so will whoever writes to it. */
const DEADLINE_MS = 60_000;
/** It holds a connection and hardly any JavaScript. */
const MAX_MEMORY_MB = 32;

/**
 * Carries what was written to a database from its write-ahead log into its main file, in a thread with a connection of
 * its own: that waits for the disk several times over, and nobody else need wait with it. Writers go on meanwhile
 * (a passive checkpoint: https://www.sqlite.org/pragma.html#pragma_wal_checkpoint).
 */
export class CheckpointThread {
  readonly #thread: DeadlineThread<string, CheckpointOutcome>;
  readonly #databaseFile: string;

  /** `workerFile` is the absolute path of the built `checkpoint-worker.ts`. */
  constructor(clock: Clock, workerFile: string, databaseFile: string) {
    this.#thread = new DeadlineThread({
      clock,
      workerFile,
      deadlineMs: DEADLINE_MS,
      maxMemoryMb: MAX_MEMORY_MB,
    });
    this.#databaseFile = databaseFile;
  }

  /** Carries over what there is. Rejects with `ThreadFailure`; the log is then as good as before. */
  carry(): Promise<CheckpointOutcome> {
    return this.#thread.do(this.#databaseFile);
  }

  /** Ends the thread and its connection. Idempotent. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}
