import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Logger } from '../logger.ts';
import { BEAT_MS } from './guardian-switch.ts';

/** What the witness's thread shares with the main thread. */
export interface WitnessData {
  /** Counts up with each turn of the main loop. */
  readonly beats: Int32Array;
  /** After so long a silence the main thread is asked where it is; 0 for never. */
  readonly silenceMs: Int32Array;
  readonly stackFile: string;
}

/** A part of the silence that ends the agent: late enough to mean something, early enough to be told before the end. */
const SHARE_OF_PATIENCE = 0.5;

/**
 * A thread that finds out where the main thread hangs, should it hang, and writes that to a file: what nobody could find
 * out afterwards. The guardian takes it from there.
 */
export class StallWitness {
  readonly #beats = new Int32Array(new SharedArrayBuffer(4));
  readonly #silenceMs = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;
  readonly #timer: NodeJS.Timeout;

  /** `workerFile` is the built `stall-witness-worker.ts`. */
  constructor(workerFile: string, stackFile: string, log: Logger) {
    rmSync(stackFile, { force: true });
    const data: WitnessData = { beats: this.#beats, silenceMs: this.#silenceMs, stackFile };
    this.#worker = new Worker(workerFile, { workerData: data, argv: [], execArgv: [] });
    this.#worker.on('error', (error) => log.error({ err: error }, 'nobody would see where the agent hangs'));
    this.#worker.unref();
    this.#timer = setInterval(() => Atomics.add(this.#beats, 0, 1), BEAT_MS);
    this.#timer.unref();
  }

  /** Goes by the silence after which the agent is ended; 0 for one that never is. */
  setStallSeconds(seconds: number): void {
    Atomics.store(this.#silenceMs, 0, Math.round(seconds * 1000 * SHARE_OF_PATIENCE));
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#worker.terminate();
  }
}
