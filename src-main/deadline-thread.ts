import { parentPort, Worker } from 'node:worker_threads';
import type { Clock } from './clock.ts';

/** What a {@link DeadlineThread} needs. */
export interface DeadlineThreadOptions {
  readonly clock: Clock;
  /** Absolute path of the built file of the thread, which calls {@link answerOrders}. */
  readonly workerFile: string;
  /** How long one order may take, once its turn has come. */
  readonly deadlineMs: number;
  /** How much the thread may hold; one that wants more ends as if it were late. */
  readonly maxMemoryMb: number;
}

/** Why there is no result: the thread was too late, wanted too much, or broke down. */
export class ThreadFailure extends Error {
  override readonly name = 'ThreadFailure';
}

interface Order<I> {
  readonly input: I;
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** What the thread says to an order. */
type Answer = { readonly result: unknown } | { readonly failure: string };

/** A thread that does nothing still holds memory. */
const IDLE_MS = 10_000;
/** More wait for nobody: whoever asks for so many at once is told so. */
const MAX_WAITING = 64;
/** A thread that was just started gets so much longer: it has to load what it works with. */
const START_MS = 2000;

/**
 * Does work on texts of others that could take long in a thread, one order after the other, each within a deadline: an
 * order that takes longer fails, and the thread is ended with it, in whatever loop it is. It is started with the first
 * order and ended when there has been none for 10 s. What goes in and out is copied.
 */
export class DeadlineThread<I, R> {
  readonly #options: DeadlineThreadOptions;
  readonly #waiting: Order<I>[] = [];
  #running: Order<I> | null = null;
  #worker: Worker | null = null;
  #cancelTimer: () => void = () => undefined;
  #closed = false;

  constructor(options: DeadlineThreadOptions) {
    this.#options = options;
  }

  /** What the thread makes of `input`. Rejects with {@link ThreadFailure}. */
  do(input: I): Promise<R> {
    if (this.#closed) return Promise.reject(new ThreadFailure('the agent stops'));
    if (this.#waiting.length >= MAX_WAITING) return Promise.reject(new ThreadFailure('too much to do'));
    return new Promise<R>((resolve, reject) => {
      this.#waiting.push({ input, resolve, reject });
      this.#next();
    });
  }

  /** Ends the thread; what it was doing is not done. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    const waiting = this.#waiting.splice(0);
    await this.#end('the agent stops');
    for (const { reject } of waiting) reject(new ThreadFailure('the agent stops'));
  }

  #next(): void {
    if (this.#running) return;
    this.#cancelTimer();
    const { clock, deadlineMs } = this.#options;
    const order = this.#waiting.shift();
    if (!order) {
      this.#cancelTimer = clock.after(IDLE_MS, () => void this.#end('idle'));
      return;
    }
    this.#running = order;
    const startMs = this.#worker ? 0 : START_MS;
    this.#worker ??= this.#start();
    this.#cancelTimer = clock.after(startMs + deadlineMs, () => {
      void this.#end(`not done within ${deadlineMs} ms`).then(() => this.#next());
    });
    this.#worker.postMessage(order.input);
  }

  #start(): Worker {
    // The agent's own flags are not for it, and nothing that it prints is anybody's business.
    const worker = new Worker(this.#options.workerFile, {
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: this.#options.maxMemoryMb },
    });
    worker.on('message', (answer: Answer) => {
      if (worker === this.#worker) this.#settle(answer);
    });
    const onGone = (error: Error): void => {
      if (worker === this.#worker) void this.#end(error.message).then(() => this.#next());
    };
    worker.on('error', onGone);
    worker.on('exit', (code) => onGone(new Error(`the thread ended with code ${code}`)));
    return worker;
  }

  #settle(answer: Answer): void {
    const order = this.#running;
    this.#running = null;
    if (order && 'result' in answer) order.resolve(answer.result as never);
    else if (order && 'failure' in answer) order.reject(new ThreadFailure(answer.failure));
    this.#next();
  }

  /** Fails what is being done and ends the thread. */
  async #end(why: string): Promise<void> {
    this.#cancelTimer();
    const [worker, order] = [this.#worker, this.#running];
    this.#worker = null;
    this.#running = null;
    order?.reject(new ThreadFailure(why));
    await worker?.terminate();
  }
}

/** For the thread itself: answers each order with what `work` makes of it. */
export function answerOrders<I, R>(work: (input: I) => R | Promise<R>): void {
  parentPort?.on('message', (input: I) => {
    void Promise.resolve()
      .then(() => work(input))
      .then(
        (result) => parentPort?.postMessage({ result } satisfies Answer),
        (error: unknown) =>
          parentPort?.postMessage({
            failure: error instanceof Error ? error.message : String(error),
          } satisfies Answer),
      );
  });
}
