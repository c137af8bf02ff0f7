import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { readSocketPaths } from '../../../src-main/desktop/dbus/dbus-address.ts';
import type { DbusValue } from '../../../src-main/desktop/dbus/dbus-codec.ts';
import {
  type DbusMessage,
  decodeMessage,
  encodeMessage,
  MESSAGE_TYPES,
  measureMessage,
} from '../../../src-main/desktop/dbus/dbus-message.ts';

/** What a service says to a call. */
export interface BusAnswer {
  readonly signature: string;
  readonly body: readonly DbusValue[];
}

/** A program on a real bus that has names, answers calls and sends signals, as a test says. */
export class BusService {
  readonly #socket: Socket;
  readonly #answer: (call: DbusMessage) => BusAnswer | null;
  readonly #replies = new Map<number, () => void>();
  #onVanished: (name: string) => void = () => undefined;
  #received = Buffer.alloc(0);
  #serial = 0;

  private constructor(socket: Socket, answer: (call: DbusMessage) => BusAnswer | null) {
    this.#socket = socket;
    this.#answer = answer;
    socket.on('data', (chunk) => this.#receive(chunk));
  }

  /** Connects to the bus at `address`; what `answer` says null to is answered with an error. */
  static async start(address: string, answer: (call: DbusMessage) => BusAnswer | null): Promise<BusService> {
    const socket = connect(readSocketPaths(address, undefined)[0] ?? '');
    const user = Buffer.from(String(process.getuid?.())).toString('hex');
    socket.write(`\0AUTH EXTERNAL ${user}\r\n`);
    await once(socket, 'data');
    socket.write('BEGIN\r\n');
    const service = new BusService(socket, answer);
    await service.#callBus('Hello', '', []);
    return service;
  }

  /** Takes a well-known name. */
  own(name: string): Promise<void> {
    return this.#callBus('RequestName', 'su', [name, 0]);
  }

  /** Gives it back. */
  release(name: string): Promise<void> {
    return this.#callBus('ReleaseName', 's', [name]);
  }

  /** Tells `listener` from now on of each name that nobody has any more. */
  followVanishing(listener: (name: string) => void): Promise<void> {
    this.#onVanished = listener;
    const rule = "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''";
    return this.#callBus('AddMatch', 's', [rule]);
  }

  /** Sends a signal to whoever listens. */
  emit(path: string, name: string, member: string, signature: string, body: readonly DbusValue[]): void {
    this.#send({ type: MESSAGE_TYPES.signal, path, interface: name, member, signature, body });
  }

  stop(): void {
    this.#socket.destroy();
  }

  #callBus(member: string, signature: string, body: readonly DbusValue[]): Promise<void> {
    const bus = 'org.freedesktop.DBus';
    const serial = this.#send({
      type: MESSAGE_TYPES.call,
      destination: bus,
      path: '/org/freedesktop/DBus',
      interface: bus,
      member,
      ...(signature === '' ? {} : { signature }),
      body,
    });
    return new Promise((resolve) => this.#replies.set(serial, resolve));
  }

  #send(message: Omit<DbusMessage, 'serial'>): number {
    this.#serial += 1;
    this.#socket.write(encodeMessage({ ...message, serial: this.#serial }));
    return this.#serial;
  }

  #receive(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    for (;;) {
      const length = measureMessage(this.#received, 1_000_000);
      if (length === null || this.#received.length < length) return;
      const message = decodeMessage(this.#received.subarray(0, length));
      this.#received = this.#received.subarray(length);
      if (message.replySerial !== undefined) this.#replies.get(message.replySerial)?.();
      if (message.type === MESSAGE_TYPES.call) this.#reply(message);
      if (message.member === 'NameOwnerChanged' && message.body[2] === '')
        this.#onVanished(String(message.body[0]));
    }
  }

  #reply(call: DbusMessage): void {
    const said = this.#answer(call);
    const head = { replySerial: call.serial, destination: call.sender ?? '' };
    if (said) this.#send({ type: MESSAGE_TYPES.reply, ...head, ...said });
    else {
      const errorName = 'org.freedesktop.DBus.Error.UnknownMethod';
      this.#send({ type: MESSAGE_TYPES.error, ...head, errorName, signature: 's', body: ['no'] });
    }
  }
}
