import { type ServerMessage, serverMessageSchema } from '#shared/events';
import type { Clock } from './clock.ts';

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 5000;

/** Told of what arrives on a connection; `onClose` comes once, also where it never opened. */
export interface ConnectionObserver {
  onMessage(data: unknown): void;
  onClose(): void;
}

/**
 * Opens a connection that asks for what happened after event `since`; null asks for no past events. The
 * returned function closes it.
 */
export type OpenConnection = (since: number | null, observer: ConnectionObserver) => () => void;

/** What an event socket is made of. */
export interface EventSocketOptions {
  readonly clock: Clock;
  readonly open: OpenConnection;
  readonly onMessage: (message: ServerMessage) => void;
  /** Called with the first snapshot of each connection, after `onMessage`: the live state is known again. */
  readonly onUp: () => void;
  /** Called once per failed or lost connection. */
  readonly onDown: () => void;
}

/**
 * Keeps one connection to the agent's events: reopens it whenever it is lost, first after 250 ms, then ever
 * more slowly up to 5 s, and asks for the events that were missed. Messages of kinds that this page does not
 * know are skipped.
 */
export class EventSocket {
  readonly #options: EventSocketOptions;
  #close: (() => void) | null = null;
  /** Tells late words of a connection that was given up from those of the present one. */
  #attempt = 0;
  #cancelRetry: (() => void) | null = null;
  #retryMs = FIRST_RETRY_MS;
  #isUp = false;
  #lastSeq: number | null = null;

  constructor(options: EventSocketOptions) {
    this.#options = options;
  }

  /** Opens the connection. Does nothing while one is open or being opened. */
  start(): void {
    if (this.#close) return;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#attempt += 1;
    const attempt = this.#attempt;
    this.#close = this.#options.open(this.#lastSeq, {
      onMessage: (data) => {
        if (this.#attempt === attempt) this.#receive(data);
      },
      onClose: () => {
        if (this.#attempt === attempt) this.#lose();
      },
    });
  }

  /** Closes the connection for good, or until the next `start()`. */
  stop(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#attempt += 1;
    this.#isUp = false;
    this.#close?.();
    this.#close = null;
  }

  #receive(data: unknown): void {
    if (typeof data !== 'string') return;
    const message = serverMessageSchema.safeParse(parseJson(data));
    if (!message.success) return;
    // A smaller number comes only from an agent that began anew with empty data.
    this.#lastSeq = message.data.seq;
    this.#options.onMessage(message.data);
    if (this.#isUp || message.data.event !== 'snapshot') return;
    this.#isUp = true;
    this.#retryMs = FIRST_RETRY_MS;
    this.#options.onUp();
  }

  #lose(): void {
    this.#close = null;
    this.#isUp = false;
    this.#cancelRetry = this.#options.clock.after(this.#retryMs, () => this.start());
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS);
    this.#options.onDown();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
