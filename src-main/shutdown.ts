import type { Logger } from './logger.ts';

/** How long a shutdown may take before the process leaves anyway. */
const DEADLINE_MS = 4000;

/** Why the process ends. */
export interface End {
  readonly reason: string;
  /** Whether something went wrong that nobody had foreseen, so that whoever started the agent starts it again. */
  readonly isFailure: boolean;
}

interface Participant {
  readonly name: string;
  readonly close: (end: End) => void | Promise<void>;
  readonly endAtOnce: (end: End) => void;
}

/**
 * Takes the agent down in the reverse order of its boot: each part that came up says here how it goes down. One
 * that fails or hangs is logged and does not keep the others from their turn.
 */
export class Shutdown {
  readonly #participants: Participant[] = [];
  readonly #log: Logger;
  #running: Promise<void> | null = null;
  #isOver = false;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * Adds a part; the last one added closes first. `endAtOnce` is what of it must be done even where no time is left: it
   * waits for nothing, draws nothing, and may be called in the middle of the usual close or after it.
   */
  add(
    name: string,
    close: Participant['close'],
    endAtOnce: Participant['endAtOnce'] = () => undefined,
  ): void {
    this.#participants.push({ name, close, endAtOnce });
  }

  /** Closes all parts; resolves when all have closed or the deadline has passed. Further calls join the first. */
  run(reason: string, isFailure = false): Promise<void> {
    this.#running ??= this.#close({ reason, isFailure });
    return this.#running;
  }

  /** Does what must be done of all parts before the process is ended from outside, and is done when it returns. */
  runAtOnce(reason: string, isFailure = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#log.info({ reason }, 'ending at once');
    for (const { name, endAtOnce } of [...this.#participants].reverse()) {
      try {
        endAtOnce({ reason, isFailure });
      } catch (error) {
        this.#log.error({ part: name, err: error }, 'a part failed to end');
      }
    }
  }

  async #close(end: End): Promise<void> {
    this.#log.info({ reason: end.reason }, 'shutting down');
    let cancelDeadline = (): void => undefined;
    const deadline = new Promise<'late'>((resolve) => {
      const timer = setTimeout(() => resolve('late'), DEADLINE_MS);
      cancelDeadline = () => clearTimeout(timer);
    });
    for (const { name, close } of [...this.#participants].reverse()) {
      try {
        const outcome = await Promise.race([Promise.resolve(close(end)), deadline]);
        if (outcome === 'late') this.#log.error({ part: name }, 'a part did not close in time');
      } catch (error) {
        this.#log.error({ part: name, err: error }, 'a part failed to close');
      }
    }
    cancelDeadline();
    this.#isOver = true;
  }
}
