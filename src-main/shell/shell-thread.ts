import { Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { readWithoutLines } from './operation-reading.ts';
import {
  MAX_LINE_BYTES,
  type ReadingOrder,
  type ReadingRequest,
  type ReadingResult,
  type ShellReader,
  type ShellReading,
  unreadBecause,
} from './shell-reading.ts';

/** What a {@link ShellThread} needs. */
export interface ShellThreadOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Absolute path of the built `shell-worker.ts`; its WebAssembly lies beside it. */
  readonly workerFile: string;
}

interface Waiting {
  readonly order: ReadingOrder;
  settle(reading: ShellReading): void;
}

/** Whoever asks is answered within this time, by the reading or by saying that there is none. */
const ANSWER_MS = 1000;
/** So long a thread may work on one order, so that a hostile one does not take the time of those behind it. */
const WORK_MS = 800;
/** A thread that is not there by then will not come. */
const START_MS = 10_000;
/** Beside the memory of the parsers, which their budget of time limits. */
const MAX_HEAP_MB = 128;
/** A thread that does nothing still holds its memory. */
const IDLE_MS = 5 * 60_000;

/**
 * Reads shell lines in a thread, one at a time. It is started when it is needed and ended when there has been nothing
 * to read for 5 minutes. A thread that takes too long over an order, or breaks down, is ended; the order is answered
 * as unread, and the next one finds another thread.
 */
export class ShellThread implements ShellReader {
  readonly #options: ShellThreadOptions;
  #queue: Waiting[] = [];
  #worker: Worker | null = null;
  #isReady = false;
  #working: Waiting | null = null;
  #orders = 0;
  #isClosed = false;
  #cancelTimer: () => void = () => {};

  constructor(options: ShellThreadOptions) {
    this.#options = options;
  }

  read(request: ReadingRequest): Promise<ShellReading> {
    if ('argv' in request) {
      const reading = readWithoutLines(request.argv);
      if (reading) return Promise.resolve(reading);
    } else if (Buffer.byteLength(request.line) > MAX_LINE_BYTES) {
      return Promise.resolve(unreadBecause('too_large'));
    }
    if (this.#isClosed) return Promise.resolve(unreadBecause('late'));
    return new Promise((resolve) => {
      const order: ReadingOrder = { orderId: ++this.#orders, request };
      const cancel = this.#options.clock.after(ANSWER_MS, () => this.#giveUp(waiting));
      const waiting: Waiting = {
        order,
        settle: (reading) => {
          cancel();
          resolve(reading);
        },
      };
      this.#queue.push(waiting);
      this.#next();
    });
  }

  warmUp(): void {
    if (!this.#isClosed && this.#working === null && this.#queue.length === 0) this.#next();
  }

  /** Ends the thread; what it was reading is answered as unread. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#refuseAll();
    await this.#endThread();
  }

  #refuseAll(): void {
    const waiting = this.#queue;
    this.#queue = [];
    for (const { settle } of waiting) settle(unreadBecause('late'));
  }

  /** Hands the thread its next order, if there is one and it has none. */
  #next(): void {
    const { clock } = this.#options;
    this.#worker ??= this.#startThread();
    if (!this.#isReady || this.#working) return;
    this.#cancelTimer();
    const next = this.#queue.shift();
    if (!next) {
      this.#cancelTimer = clock.after(IDLE_MS, () => void this.#endThread());
      return;
    }
    this.#working = next;
    this.#cancelTimer = clock.after(WORK_MS, () => this.#giveUp(next));
    this.#worker.postMessage(next.order);
  }

  #giveUp(waiting: Waiting): void {
    this.#queue = this.#queue.filter((other) => other !== waiting);
    if (this.#working === waiting) this.#restart('a shell line took too long to read');
    else waiting.settle(unreadBecause('late'));
  }

  #startThread(): Worker {
    const { workerFile, clock } = this.#options;
    // The agent's own flags are not for it, and nothing that it prints is anybody's business.
    const worker = new Worker(workerFile, {
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
      workerData: workerFile.slice(0, Math.max(workerFile.lastIndexOf('/'), workerFile.lastIndexOf('\\'))),
    });
    this.#cancelTimer();
    this.#cancelTimer = clock.after(START_MS, () =>
      this.#restart('the reader of shell lines does not start'),
    );
    const onGone = (reason: string): void => {
      if (worker === this.#worker) this.#restart(reason);
    };
    worker.on('message', (result: ReadingResult) => {
      if (worker === this.#worker) this.#onResult(result);
    });
    worker.on('error', (error) => onGone(String(error)));
    worker.on('exit', (code) => onGone(`it ended with code ${code}`));
    return worker;
  }

  #onResult(result: ReadingResult): void {
    if (result === 'ready') this.#isReady = true;
    else if (this.#working?.order.orderId === result.orderId) {
      const { settle } = this.#working;
      this.#working = null;
      settle(result.reading);
    }
    this.#next();
  }

  /** Ends the thread and starts another for the lines to come, unless this one could not even begin. */
  #restart(reason: string): void {
    this.#options.log.warn({ reason }, 'the reader of shell lines was ended');
    const couldBegin = this.#isReady;
    if (!couldBegin) this.#refuseAll();
    void this.#endThread();
    if (couldBegin) this.#next();
  }

  async #endThread(): Promise<void> {
    this.#cancelTimer();
    const worker = this.#worker;
    const working = this.#working;
    this.#worker = null;
    this.#working = null;
    this.#isReady = false;
    working?.settle(unreadBecause('late'));
    await worker?.terminate();
  }
}
