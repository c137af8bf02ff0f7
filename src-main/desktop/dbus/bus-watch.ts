import type { Clock } from '../../clock.ts';
import { BUS, DbusConnection } from './dbus-connection.ts';

/** What on a bus knows something that changes. */
export interface BusWitness<State extends boolean | string> {
  /** The signals upon which to ask anew, as match rules without `type`. */
  readonly rules: readonly string[];
  /** How it is now. A witness that is not there says the same as in the beginning. */
  ask(connection: DbusConnection): Promise<State>;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Follows, over one D-Bus bus, what a witness there says, until it is closed. Signals only make it ask: anybody on a
 * bus can send one, and none is missed for good by whoever asks for the state. While the bus is gone the last answer
 * holds, and it is looked for again and again.
 */
export class BusWatch<State extends boolean | string> {
  readonly #sockets: readonly string[];
  readonly #witness: BusWitness<State>;
  readonly #clock: Clock;
  readonly #onChange: (state: State) => void;
  #connection: DbusConnection | null = null;
  #state: State;
  #isAsking = false;
  #mustAskAgain = false;
  #isClosed = false;
  #retryMs = FIRST_RETRY_MS;
  #cancelRetry: () => void = () => undefined;

  /** `onChange` hears of each change; `initial` is what it begins with. */
  constructor(options: {
    readonly sockets: readonly string[];
    readonly witness: BusWitness<State>;
    readonly initial: State;
    readonly clock: Clock;
    readonly onChange: (state: State) => void;
  }) {
    this.#sockets = options.sockets;
    this.#witness = options.witness;
    this.#clock = options.clock;
    this.#onChange = options.onChange;
    this.#state = options.initial;
    if (this.#sockets.length > 0) void this.#connect();
  }

  /** Asks anew, for what changes without a signal. */
  look(): void {
    void this.#ask();
  }

  /** Lets go of the bus. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancelRetry();
    this.#connection?.close();
  }

  async #connect(): Promise<void> {
    let connection: DbusConnection | null = null;
    try {
      connection = await DbusConnection.open(this.#sockets, {
        clock: this.#clock,
        onSignal: () => void this.#ask(),
        onClosed: () => this.#onLost(connection),
      });
      this.#connection = connection;
      if (this.#isClosed) {
        connection.close();
        return;
      }
      for (const rule of this.#witness.rules) {
        const body = [`type='signal',${rule}`];
        await connection.call({ ...BUS, member: 'AddMatch', signature: 's', body });
      }
      this.#retryMs = FIRST_RETRY_MS;
      await this.#ask();
    } catch {
      // A machine without this bus is nothing to complain of; one that comes later is found.
      this.#connection = null;
      connection?.close();
      this.#retry();
    }
  }

  #onLost(connection: DbusConnection | null): void {
    if (connection === null || this.#connection !== connection) return;
    this.#connection = null;
    this.#retry();
  }

  #retry(): void {
    if (this.#isClosed) return;
    this.#cancelRetry();
    this.#cancelRetry = this.#clock.after(this.#retryMs, () => void this.#connect());
    this.#retryMs = Math.min(LONGEST_RETRY_MS, this.#retryMs * 2);
  }

  /** One question at a time; a signal that comes meanwhile may be about what happened after it. */
  async #ask(): Promise<void> {
    this.#mustAskAgain = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#mustAskAgain && this.#connection) {
      this.#mustAskAgain = false;
      const state = await this.#witness.ask(this.#connection).catch(() => null);
      if (state !== null) this.#adopt(state);
    }
    this.#isAsking = false;
  }

  #adopt(state: State): void {
    if (this.#isClosed || state === this.#state) return;
    this.#state = state;
    this.#onChange(state);
  }
}
