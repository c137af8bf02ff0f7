import { readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { type Heard, LineReader } from './guardian-orders.ts';

/** The guardian's end of what leads to its agent. Nothing here needs an event loop. */
export interface AgentChannel {
  /** What the agent has said since the last call; null once it has closed its end. Does not wait. */
  read(): Heard | null;
  /** Says that the guardian lives. */
  answer(): void;
}

const MOST_BYTES = 64 * 1024;

/** Opens the channel behind a descriptor that this process was started with. Throws if there is none. */
export function openAgentChannel(descriptor: number, platform = process.platform): AgentChannel {
  return platform === 'win32' ? new ThreadedChannel(descriptor) : new PolledChannel(descriptor);
}

/** Reads what is there and goes on. */
class PolledChannel implements AgentChannel {
  readonly #descriptor: number;
  readonly #bytes = Buffer.alloc(MOST_BYTES);
  readonly #text = new StringDecoder();
  readonly #lines = new LineReader();

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    // Never read from: Node has no other way to make of a descriptor one that does not block.
    new Socket({ fd: descriptor, readable: true, writable: true });
  }

  read(): Heard | null {
    let text = '';
    for (;;) {
      try {
        const length = readSync(this.#descriptor, this.#bytes, 0, MOST_BYTES, null);
        if (length === 0) return text === '' ? null : this.#lines.read(text);
        text += this.#text.write(this.#bytes.subarray(0, length));
        // There is no more; to try would cost an error each time, which is most of what a look costs.
        if (length < MOST_BYTES) return this.#lines.read(text);
      } catch (error) {
        if (isAgain(error)) return this.#lines.read(text);
        // The other end was closed with something of ours unread in it.
        return text === '' ? null : this.#lines.read(text);
      }
    }
  }

  answer(): void {
    tryWrite(this.#descriptor);
  }
}

const READ_IN_THREAD = `
const { readSync } = require('node:fs');
const { workerData } = require('node:worker_threads');
const bytes = Buffer.alloc(65536);
for (let length = -1; length !== 0; ) {
  try { length = readSync(workerData.descriptor, bytes, 0, bytes.length, null); } catch { length = 0; }
  workerData.port.postMessage(bytes.slice(0, length));
}`;

/** Where a descriptor always blocks, which is Windows: a thread waits for what comes. Takes 6 MB more. */
class ThreadedChannel implements AgentChannel {
  readonly #descriptor: number;
  readonly #port: MessagePort;
  readonly #text = new StringDecoder();
  readonly #lines = new LineReader();
  #isClosed = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData = { descriptor, port: port2 };
    new Worker(READ_IN_THREAD, { eval: true, workerData, transferList: [port2], argv: [], execArgv: [] });
  }

  read(): Heard | null {
    let text = '';
    for (;;) {
      const received = receiveMessageOnPort(this.#port);
      if (!received) break;
      const bytes: Uint8Array = received.message;
      if (bytes.length === 0) this.#isClosed = true;
      text += this.#text.write(Buffer.from(bytes));
    }
    return text === '' && this.#isClosed ? null : this.#lines.read(text);
  }

  answer(): void {
    tryWrite(this.#descriptor);
  }
}

function isAgain(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

/** An agent that is gone, or does not read, hears nothing. */
function tryWrite(descriptor: number): void {
  try {
    writeSync(descriptor, '.');
  } catch {
    // Said above.
  }
}
