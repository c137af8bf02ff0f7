import { Worker } from 'node:worker_threads';
import type { Clock } from '../clock.ts';
import type { PictureMaker, PictureWish } from './picture.ts';
import type { PictureOrder, PictureResult } from './picture-order.ts';

/** What a {@link PictureThread} needs. */
export interface PictureThreadOptions {
  readonly clock: Clock;
  /** Absolute path of the built `picture-worker.ts`. */
  readonly workerFile: string;
}

interface Waiting {
  resolve(picture: Buffer): void;
  reject(error: Error): void;
}

/** Pictures are asked for in bursts, and a thread that does nothing still holds 170 MB. */
const IDLE_MS = 10_000;

/**
 * Makes pictures in a thread that is started with the first order and ended when there has been none for 10 s. A
 * thread that breaks down fails what it was given; the next order starts another.
 */
export class PictureThread implements PictureMaker {
  readonly #options: PictureThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #orders = 0;
  #cancelEnd: () => void = () => {};
  #closed = false;

  constructor(options: PictureThreadOptions) {
    this.#options = options;
  }

  make(jpeg: Uint8Array, wish: PictureWish): Promise<Buffer> {
    if (this.#closed) return Promise.reject(new Error('no more pictures are made'));
    this.#cancelEnd();
    this.#worker ??= this.#startThread();
    const order: PictureOrder = { orderId: ++this.#orders, jpeg, wish };
    const made = new Promise<Buffer>((resolve, reject) => {
      this.#waiting.set(order.orderId, { resolve, reject });
    });
    this.#worker.postMessage(order);
    return made;
  }

  /** Ends the thread; what it was making is not made. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#endThread(new Error('the agent stops'));
  }

  #startThread(): Worker {
    // The agent's own flags are not for it, and nothing that it prints is anybody's business.
    const worker = new Worker(this.#options.workerFile, {
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    worker.on('message', (result: PictureResult) => this.#onResult(result));
    const onGone = (error: Error): void => {
      if (worker === this.#worker) void this.#endThread(error);
    };
    worker.on('error', onGone);
    worker.on('exit', (code) => onGone(new Error(`the picture thread ended with code ${code}`)));
    return worker;
  }

  #onResult(result: PictureResult): void {
    const waiting = this.#waiting.get(result.orderId);
    this.#waiting.delete(result.orderId);
    if (this.#waiting.size === 0) {
      this.#cancelEnd = this.#options.clock.after(IDLE_MS, () => void this.#endThread(new Error('idle')));
    }
    if ('failure' in result) {
      waiting?.reject(new Error(result.failure));
      return;
    }
    const { buffer, byteOffset, byteLength } = result.picture;
    waiting?.resolve(Buffer.from(buffer, byteOffset, byteLength));
  }

  async #endThread(reason: Error): Promise<void> {
    this.#cancelEnd();
    const worker = this.#worker;
    this.#worker = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(reason);
    await worker?.terminate();
  }
}
