import { pathToFileURL } from 'node:url';
import type { Clock } from '../clock.ts';
import type { Notice, NoticeResponse, Notifier } from '../events/notification-port.ts';
import type { Logger } from '../logger.ts';
import { type DbusValue, listOf } from './dbus/dbus-codec.ts';
import { BUS, DbusConnection } from './dbus/dbus-connection.ts';
import type { DbusMessage } from './dbus/dbus-message.ts';

/** What a {@link FreedesktopNotifier} works with. */
export interface FreedesktopNotifierOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the session bus may be; none means that nothing can be shown. */
  readonly busSockets: readonly string[];
  /** Absolute path of the picture that stands beside each notice; the server reads it. */
  readonly iconFile: string;
  readonly onResponse: (notice: Notice, response: NoticeResponse) => void;
}

/** The place of one tag: what is to be seen there, and what is. */
interface Slot {
  /** Null once it was taken back. */
  wanted: Notice | null;
  shown: Notice | null;
  /** The server's number for what is shown; 0 for nothing. */
  id: number;
  work: Promise<void> | null;
}

/** The notification server that runs now. */
interface NotificationServer {
  readonly connection: DbusConnection;
  /** Its own name on the bus, which nobody else can have. */
  readonly name: string;
  readonly capabilities: ReadonlySet<string>;
}

const NOTIFICATIONS = {
  destination: 'org.freedesktop.Notifications',
  path: '/org/freedesktop/Notifications',
  interface: 'org.freedesktop.Notifications',
} as const;
const URGENCIES = { normal: 1, high: 2 } as const satisfies Record<Notice['urgency'], number>;
const NEVER_EXPIRES = 0;
const SERVER_DECIDES = -1;
// The bus may have to start the server first, and waits 25 s for it.
const SHOW_TIMEOUT_MS = 30_000;
const CLOSE_TIMEOUT_MS = 500;

/**
 * Notices on Linux: the freedesktop.org notification server of the session bus, whichever that is, spoken to without
 * ever waiting for it (Electron's own notifications block the whole main process for two minutes where the server
 * hangs; docs/decisions/0011-linux-notifications.md). A click opens; there is no button that allows, because the bus
 * cannot vouch that a person pressed it: any program of the session may take the server's place.
 * https://specifications.freedesktop.org/notification-spec/latest/
 */
export class FreedesktopNotifier implements Notifier {
  readonly #options: FreedesktopNotifierOptions;
  readonly #slots = new Map<string, Slot>();
  #server: Promise<NotificationServer> | null = null;
  #isAvailable = true;
  #isClosed = false;

  constructor(options: FreedesktopNotifierOptions) {
    this.#options = options;
  }

  show(notice: Notice): void {
    const slot = this.#slots.get(notice.tag) ?? { wanted: null, shown: null, id: 0, work: null };
    this.#slots.set(notice.tag, slot);
    slot.wanted = notice;
    this.#work(notice.tag, slot);
  }

  withdraw(tag: string): void {
    const slot = this.#slots.get(tag);
    if (!slot) return;
    slot.wanted = null;
    this.#work(tag, slot);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const work = Promise.all([...this.#slots.values()].map((slot) => slot.work));
    await Promise.race([work, this.#afterCloseTimeout()]);
    const server = this.#server;
    this.#server = null;
    if (server) await Promise.race([server.then(closeServer, ignore), this.#afterCloseTimeout()]);
  }

  #afterCloseTimeout(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(CLOSE_TIMEOUT_MS, resolve);
    });
  }

  /** Makes what is shown in a slot what is wanted there, one step after the other. */
  #work(tag: string, slot: Slot): void {
    slot.work ??= this.#settle(tag, slot).catch((error: unknown) => {
      slot.work = null;
      this.#slots.delete(tag);
      // Once per outage: what cannot be shown comes again and again.
      if (this.#isAvailable) this.#options.log.warn({ err: error }, 'notifications cannot be shown');
      this.#isAvailable = false;
    });
  }

  async #settle(tag: string, slot: Slot): Promise<void> {
    while (slot.wanted !== slot.shown) {
      const server = await this.#connect();
      const { wanted } = slot;
      if (wanted === slot.shown) break;
      if (wanted === null) await this.#takeBack(server, slot);
      else slot.id = await this.#notify(server, wanted, slot.id);
      slot.shown = wanted;
      this.#isAvailable = true;
    }
    slot.work = null;
    if (slot.shown === null) this.#slots.delete(tag);
  }

  async #notify(server: NotificationServer, notice: Notice, replacesId: number): Promise<number> {
    const hints: DbusValue[] = [
      ['urgency', { signature: 'y', value: URGENCIES[notice.urgency] }],
      ['desktop-entry', { signature: 's', value: 'porthole' }],
    ];
    const reply = await server.connection.call({
      ...NOTIFICATIONS,
      member: 'Notify',
      signature: 'susssasa{sv}i',
      body: [
        'Porthole',
        replacesId,
        pathToFileURL(this.#options.iconFile).href,
        notice.title,
        server.capabilities.has('body-markup') ? escapeMarkup(notice.body) : notice.body,
        server.capabilities.has('actions') ? ['default', 'Show'] : [],
        hints,
        notice.urgency === 'high' ? NEVER_EXPIRES : SERVER_DECIDES,
      ],
      timeoutMs: SHOW_TIMEOUT_MS,
    });
    const [id] = reply.body;
    return typeof id === 'number' ? id : 0;
  }

  async #takeBack({ connection }: NotificationServer, slot: Slot): Promise<void> {
    const { id } = slot;
    slot.id = 0;
    if (id !== 0)
      await connection.call({ ...NOTIFICATIONS, member: 'CloseNotification', signature: 'u', body: [id] });
  }

  /** The server, connected to anew if it was lost. */
  #connect(): Promise<NotificationServer> {
    if (this.#server) return this.#server;
    if (this.#isClosed) return Promise.reject(new Error('the agent is closing'));
    const server = this.#findServer(() => this.#forgetServer(server));
    this.#server = server;
    server.catch(() => this.#forgetServer(server));
    return server;
  }

  /** Connects to the bus and, starting it if need be, to its notification server. `onLost` hears when that is gone. */
  async #findServer(onLost: () => void): Promise<NotificationServer> {
    let found: NotificationServer | null = null;
    const connection = await DbusConnection.open(this.#options.busSockets, {
      clock: this.#options.clock,
      // Not at once: what is done with an answer comes before what is done with a signal right behind it.
      onSignal: (signal) =>
        void setImmediate(() => {
          if (found) this.#onSignal(signal, found, onLost);
        }),
      onClosed: onLost,
    });
    try {
      const ofServer = `sender='${NOTIFICATIONS.destination}',interface='${NOTIFICATIONS.interface}'`;
      await addMatch(connection, `type='signal',${ofServer}`);
      const ofBus = `sender='${BUS.destination}',member='NameOwnerChanged'`;
      await addMatch(connection, `type='signal',${ofBus},arg0='${NOTIFICATIONS.destination}'`);
      const answer = await connection.call({
        ...NOTIFICATIONS,
        member: 'GetCapabilities',
        timeoutMs: SHOW_TIMEOUT_MS,
      });
      const capabilities = new Set(listOf(answer.body[0]).map(String));
      found = { connection, name: answer.sender ?? '', capabilities };
      return found;
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  #onSignal({ sender, member, body }: DbusMessage, server: NotificationServer, onLost: () => void): void {
    const [first, second, third] = body;
    if (sender === BUS.destination && member === 'NameOwnerChanged' && first === NOTIFICATIONS.destination) {
      if (third !== server.name) onLost();
      return;
    }
    // Anybody on the bus can send us signals; only the server's count.
    if (sender !== server.name || typeof first !== 'number') return;
    const [tag, slot] = [...this.#slots].find(([, { id }]) => id === first) ?? [];
    if (tag === undefined || !slot) return;
    if (member === 'ActionInvoked' && second === 'default' && slot.shown) {
      this.#options.onResponse(slot.shown, 'open');
    }
    if (member === 'NotificationClosed') {
      // The number may be given to somebody else's notice from now on.
      slot.id = 0;
      if (!slot.work) this.#slots.delete(tag);
    }
  }

  /** The next notice goes to whichever server there is then; the numbers of this one mean nothing to that. */
  #forgetServer(server: Promise<NotificationServer>): void {
    if (this.#server !== server) return;
    this.#server = null;
    for (const slot of this.#slots.values()) slot.id = 0;
    void server.then(closeServer, ignore);
  }
}

function closeServer({ connection }: NotificationServer): void {
  connection.close();
}

function ignore(): void {}

async function addMatch(connection: DbusConnection, rule: string): Promise<void> {
  await connection.call({ ...BUS, member: 'AddMatch', signature: 's', body: [rule] });
}

function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
