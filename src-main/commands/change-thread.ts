import type { Clock } from '../clock.ts';
import { DeadlineThread } from '../deadline-thread.ts';
import {
  type ChangeDescriber,
  describeWithoutComparing,
  type FileChange,
  type FileVersions,
} from './file-change.ts';

/** Long enough for texts of the greatest size that have little in common, short enough for whoever waits. */
const DEADLINE_MS = 1500;
/** Every line of two such texts, several times over. */
const MAX_MEMORY_MB = 256;

/**
 * Describes changes of files in a thread: texts of megabytes keep whoever compares them busy for longer than the agent
 * may stand still. What is not done in time is not compared.
 */
export class ChangeThread {
  readonly #thread: DeadlineThread<FileVersions, FileChange>;

  /** `workerFile` is the absolute path of the built `change-worker.ts`. */
  constructor(clock: Clock, workerFile: string) {
    this.#thread = new DeadlineThread({
      clock,
      workerFile,
      deadlineMs: DEADLINE_MS,
      maxMemoryMb: MAX_MEMORY_MB,
    });
  }

  readonly describe: ChangeDescriber = (versions) =>
    this.#thread.do(versions).catch(() => describeWithoutComparing(versions));

  /** Ends the thread. Idempotent. */
  close(): Promise<void> {
    return this.#thread.close();
  }
}
