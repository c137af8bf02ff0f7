import type { Clock } from '../../clock.ts';
import { BUS, DbusConnection } from '../dbus/dbus-connection.ts';

/** What on a bus knows whether the screen is locked. */
export interface LockWitness {
  /** The signals upon which to ask anew, as match rules without `type`. */
  readonly rules: readonly string[];
  /** Whether the screen is locked now. A witness that is not there says no. */
  ask(connection: DbusConnection): Promise<boolean>;
}

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

/**
 * Follows, over one D-Bus bus, whether the screen is locked, until it is closed. Signals only make it ask: anybody on a
 * bus can send one, and none is missed for good by whoever asks for the state. While the bus is gone the last answer
 * holds, and it is looked for again and again.
 */
export class BusLockWatch {
  readonly #sockets: readonly string[];
  readonly #witness: LockWitness;
  readonly #clock: Clock;
  readonly #onChange: (isLocked: boolean) => void;
  #connection: DbusConnection | null = null;
  #isLocked = false;
  #isAsking = false;
  #mustAskAgain = false;
  #isClosed = false;
  #retryMs = FIRST_RETRY_MS;
  #cancelRetry: () => void = () => undefined;

  /** `onChange` hears of each change; unlocked is what it begins with. */
  constructor(options: {
    readonly sockets: readonly string[];
    readonly witness: LockWitness;
    readonly clock: Clock;
    readonly onChange: (isLocked: boolean) => void;
  }) {
    this.#sockets = options.sockets;
    this.#witness = options.witness;
    this.#clock = options.clock;
    this.#onChange = options.onChange;
    if (this.#sockets.length > 0) void this.#connect();
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
      const isLocked = await this.#witness.ask(this.#connection).catch(() => null);
      if (isLocked !== null) this.#adopt(isLocked);
    }
    this.#isAsking = false;
  }

  #adopt(isLocked: boolean): void {
    if (this.#isClosed || isLocked === this.#isLocked) return;
    this.#isLocked = isLocked;
    this.#onChange(isLocked);
  }
}
