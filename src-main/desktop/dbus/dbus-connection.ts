import { connect, type Socket } from 'node:net';
import type { Clock } from '../../clock.ts';
import { DbusFormatError, type DbusValue } from './dbus-codec.ts';
import {
  type DbusMessage,
  decodeMessage,
  encodeMessage,
  MESSAGE_TYPES,
  MessageSplitter,
} from './dbus-message.ts';

/** A method to call, with its arguments. */
export interface DbusCall {
  readonly destination: string;
  readonly path: string;
  readonly interface: string;
  readonly member: string;
  readonly signature?: string;
  readonly body?: readonly DbusValue[];
  /** After this long without an answer the call fails; the bus may still deliver it. */
  readonly timeoutMs?: number;
}

/** The other side answered with an error, or not at all. */
export class DbusCallError extends Error {
  override readonly name = 'DbusCallError';
}

interface PendingCall {
  readonly settle: (outcome: DbusMessage | Error) => void;
  readonly cancelTimer: () => void;
}

const CONNECT_TIMEOUT_MS = 2000;
const CALL_TIMEOUT_MS = 5000;
/** Many times of what any answer has that is asked for here. */
const MAX_MESSAGE_BYTES = 128 * 1024;
/** The longest line that a bus may say while it lets somebody in. */
const MAX_LINE_LENGTH = 16 * 1024;
const LINE_END = '\r\n';

/** The bus itself, as a peer. */
export const BUS = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
} as const;

/**
 * A connection to a D-Bus bus that never blocks: every call has a deadline, and a bus that dies fails what waits. It
 * calls methods and hears signals; whoever calls it gets no answer.
 */
export class DbusConnection {
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #calls = new Map<number, PendingCall>();
  readonly #onSignal: (signal: DbusMessage) => void;
  readonly #onClosed: () => void;
  readonly #splitter = new MessageSplitter(MAX_MESSAGE_BYTES);
  #serial = 0;
  #isOpen = true;

  private constructor(socket: Socket, options: DbusConnectionOptions) {
    this.#socket = socket;
    this.#clock = options.clock;
    this.#onSignal = options.onSignal;
    this.#onClosed = options.onClosed;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#fail());
  }

  /**
   * Connects to the first of `socketPaths` that can be reached, as the user that runs this process. Rejects if none
   * can within 2 s each.
   */
  static async open(socketPaths: readonly string[], options: DbusConnectionOptions): Promise<DbusConnection> {
    let problem: unknown = new Error('no bus is known');
    for (const socketPath of socketPaths) {
      try {
        const socket = await authenticate(socketPath, options.clock);
        const connection = new DbusConnection(socket, options);
        await connection.call({ ...BUS, member: 'Hello' });
        return connection;
      } catch (error) {
        problem = error;
      }
    }
    throw problem;
  }

  /** Whether calls can be made. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Calls a method and answers its reply. Rejects with {@link DbusCallError}. */
  call(call: DbusCall): Promise<DbusMessage> {
    if (!this.#isOpen) return Promise.reject(new DbusCallError('the bus is gone'));
    const { timeoutMs = CALL_TIMEOUT_MS, body = [], ...head } = call;
    this.#serial += 1;
    const serial = this.#serial;
    const message = encodeMessage({ type: MESSAGE_TYPES.call, serial, ...head, body });
    return new Promise((resolve, reject) => {
      const settle = (outcome: DbusMessage | Error): void => {
        this.#calls.get(serial)?.cancelTimer();
        this.#calls.delete(serial);
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
      const cancelTimer = this.#clock.after(timeoutMs, () =>
        settle(new DbusCallError(`${call.member} was not answered within ${timeoutMs / 1000} s`)),
      );
      this.#calls.set(serial, { settle, cancelTimer });
      this.#socket.write(message);
    });
  }

  /** Closes once what was sent is on its way; calls that wait fail. Idempotent. */
  close(): void {
    this.#socket.end();
    this.#fail();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const message of this.#splitter.push(chunk)) this.#takeMessage(message);
    } catch {
      // The bus itself checks every message: one that cannot be measured did not come from a bus.
      this.#socket.destroy();
    }
  }

  #takeMessage(bytes: Buffer): void {
    let message: DbusMessage;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      // Of types that nothing here deals with: not for us.
      if (error instanceof DbusFormatError) return;
      throw error;
    }
    if (message.type === MESSAGE_TYPES.signal) this.#onSignal(message);
    const call = this.#calls.get(message.replySerial ?? 0);
    if (message.type === MESSAGE_TYPES.reply) call?.settle(message);
    if (message.type === MESSAGE_TYPES.error) {
      call?.settle(new DbusCallError(`${message.errorName}: ${message.body[0] ?? 'no reason given'}`));
    }
  }

  #fail(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const { settle } of [...this.#calls.values()]) settle(new DbusCallError('the bus is gone'));
    this.#onClosed();
  }
}

/** What a connection tells of by itself. */
export interface DbusConnectionOptions {
  readonly clock: Clock;
  /** Hears every signal that the bus sends here; its `sender` is to be checked. Must not throw. */
  readonly onSignal: (signal: DbusMessage) => void;
  /** Called once, when no more calls can be made. */
  readonly onClosed: () => void;
}

/**
 * How to get in, in this order: as the user that we are for ourselves; then, in a user namespace, where the bus knows
 * us by another number, as whoever the socket says that we are; then as nobody in particular, where a bus allows that.
 * Cookies in the home folder are for buses over TCP, which are not spoken here.
 * https://dbus.freedesktop.org/doc/dbus-specification.html#auth-mechanisms
 */
function listWaysIn(): string[] {
  const userId = Buffer.from(String(process.getuid?.() ?? '')).toString('hex');
  return [`AUTH EXTERNAL ${userId}`, 'AUTH EXTERNAL', 'AUTH ANONYMOUS'];
}

/** Connects and proves who we are. */
function authenticate(socketPath: string, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    const ways = listWaysIn();
    let answer = '';
    const release = (): void => {
      cancelTimer();
      socket.off('data', onData).off('error', onError).off('close', onClose);
    };
    const refuse = (error: Error): void => {
      release();
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const onError = (error: Error): void => refuse(error);
    const onClose = (): void => refuse(new Error('the bus closed the connection'));
    const say = (line: string): void => {
      answer = '';
      socket.write(`${line}${LINE_END}`);
    };
    const onData = (chunk: Buffer): void => {
      answer += chunk.toString('latin1');
      if (answer.length > MAX_LINE_LENGTH) {
        refuse(new Error('the bus says too much'));
        return;
      }
      // The bus says nothing more until we do, so this line is all there is.
      if (!answer.endsWith(LINE_END)) return;
      const [word] = answer.trimEnd().split(' ');
      const way = word === 'REJECTED' ? ways.shift() : undefined;
      if (word === 'OK') {
        release();
        say('BEGIN');
        resolve(socket);
      } else if (word === 'DATA') {
        // It asks who we are; the socket tells.
        say('DATA');
      } else if (way === undefined) {
        refuse(new Error('the bus does not let us in'));
      } else {
        say(way);
      }
    };
    const cancelTimer = clock.after(CONNECT_TIMEOUT_MS, () => refuse(new Error('the bus does not answer')));
    socket.on('data', onData).on('error', onError).on('close', onClose);
    say(`\0${ways.shift() ?? ''}`);
  });
}
