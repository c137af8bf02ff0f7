import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { DbusValue } from '../../../src-main/desktop/dbus/dbus-codec.ts';
import {
  type DbusMessage,
  decodeMessage,
  encodeMessage,
  MESSAGE_TYPES,
  measureMessage,
} from '../../../src-main/desktop/dbus/dbus-message.ts';

/** A method call as the bus got it. */
export interface SeenCall {
  readonly member: string;
  readonly body: readonly DbusValue[];
}

/** How the bus and the notification server on it behave, for a test to change at any moment. */
export interface Behaviour {
  /** What is said to a client that proves who it is. */
  greeting: string | null;
  /** Calls that are never answered. */
  readonly ignores: Set<string>;
  /** Calls that are answered with an error. */
  readonly refuses: Set<string>;
  capabilities: string[];
  /** The server's name on the bus. */
  server: string;
  /** Sent right behind the answer to a Notify, in one piece with it. */
  behindNotify: ((id: number) => DbusMessage) | null;
}

const NOTIFICATIONS = 'org.freedesktop.Notifications';

/** A D-Bus bus with a notification server on it that does what a test says. */
export class FakeBus {
  readonly calls: SeenCall[] = [];
  readonly behaviour: Behaviour = {
    greeting: 'OK 0123456789abcdef\r\n',
    ignores: new Set(),
    refuses: new Set(),
    capabilities: ['actions', 'body', 'body-markup'],
    server: ':1.5',
    behindNotify: null,
  };
  readonly path: string;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #lastId = 0;
  /** How many clients there have been. */
  connections = 0;

  private constructor(server: Server, socketPath: string) {
    this.#server = server;
    this.path = socketPath;
  }

  /** Listens until the test is finished. */
  static async start(): Promise<FakeBus> {
    const folder = mkdtempSync(path.join(tmpdir(), 'porthole-fake-bus-'));
    const socketPath = path.join(folder, 'bus');
    const server = createServer();
    const bus = new FakeBus(server, socketPath);
    server.on('connection', (socket) => bus.#serve(socket));
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    onTestFinished(() => {
      bus.stop();
      rmSync(folder, { recursive: true, force: true });
    });
    return bus;
  }

  /** How many clients are connected now. */
  get openConnections(): number {
    return this.#clients.size;
  }

  /** The calls of one method, by their arguments. */
  callsOf(member: string): (readonly DbusValue[])[] {
    return this.calls.filter((call) => call.member === member).map(({ body }) => body);
  }

  /** Sends a signal of the notification server, or of whoever `sender` says. */
  signal(member: string, signature: string, body: DbusValue[], sender = this.behaviour.server): void {
    this.#send(makeSignal(sender, member, signature, body));
  }

  /** Tells that the notification server has another name now, or with `''` that there is none. */
  changeOwner(name: string): void {
    const body = [NOTIFICATIONS, this.behaviour.server, name];
    this.behaviour.server = name;
    this.#send(makeSignal('org.freedesktop.DBus', 'NameOwnerChanged', 'sss', body));
  }

  /** Cuts every connection. */
  drop(): void {
    for (const client of this.#clients) client.destroy();
  }

  /** Sends bytes that are no message. */
  babble(): void {
    for (const client of this.#clients) client.write('HTTP/1.1 400 Bad Request\r\n\r\n');
  }

  stop(): void {
    this.drop();
    this.#server.close();
  }

  #send(message: DbusMessage): void {
    for (const client of this.#clients) client.write(encodeMessage(message));
  }

  #serve(client: Socket): void {
    this.connections += 1;
    this.#clients.add(client);
    client.on('error', () => undefined);
    client.on('close', () => this.#clients.delete(client));
    let received = Buffer.alloc(0);
    let isBegun = false;
    client.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (!isBegun) {
        const begin = received.indexOf('BEGIN\r\n');
        if (begin < 0) {
          if (received.includes('AUTH EXTERNAL') && this.behaviour.greeting)
            client.write(this.behaviour.greeting);
          return;
        }
        isBegun = true;
        received = received.subarray(begin + 7);
      }
      for (;;) {
        const length = measureMessage(received, 1_000_000);
        if (length === null || received.length < length) return;
        this.#answer(client, decodeMessage(received.subarray(0, length)));
        received = received.subarray(length);
      }
    });
  }

  #answer(client: Socket, call: DbusMessage): void {
    const { member = '', body, serial } = call;
    this.calls.push({ member, body });
    if (this.behaviour.ignores.has(member)) return;
    const sender = call.destination === NOTIFICATIONS ? this.behaviour.server : 'org.freedesktop.DBus';
    const head = { serial: 1, replySerial: serial, sender };
    if (this.behaviour.refuses.has(member)) {
      const errorName = 'org.example.Refused';
      client.write(
        encodeMessage({ type: MESSAGE_TYPES.error, ...head, errorName, signature: 's', body: ['no'] }),
      );
      return;
    }
    const reply = { type: MESSAGE_TYPES.reply, ...head };
    if (member === 'GetCapabilities') {
      client.write(encodeMessage({ ...reply, signature: 'as', body: [this.behaviour.capabilities] }));
    } else if (member === 'Notify') {
      const replaced = Number(body[1]);
      if (replaced === 0) this.#lastId += 1;
      const id = replaced || this.#lastId;
      const answer = encodeMessage({ ...reply, signature: 'u', body: [id] });
      const behind = this.behaviour.behindNotify?.(id);
      client.write(behind ? Buffer.concat([answer, encodeMessage(behind)]) : answer);
    } else {
      client.write(encodeMessage({ ...reply, body: [] }));
    }
  }
}

/** A signal as the bus passes it on. */
export function makeSignal(
  sender: string,
  member: string,
  signature: string,
  body: readonly DbusValue[],
): DbusMessage {
  return {
    type: MESSAGE_TYPES.signal,
    serial: 1,
    sender,
    path: '/org/freedesktop/Notifications',
    interface: sender.startsWith(':') ? NOTIFICATIONS : 'org.freedesktop.DBus',
    member,
    signature,
    body,
  };
}
