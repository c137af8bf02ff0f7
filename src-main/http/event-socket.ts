import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { PortholeError } from '#shared/errors';
import type { AgentEvent, CommandOutput, Gap, ServerMessage, Snapshot } from '#shared/events';
import { networkSource } from '../access/source-address.ts';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events/event-bus.ts';
import { PacedTask } from '../paced-task.ts';
import { type Holder, hasRoom, type Quota } from '../quota.ts';
import { readTarget } from './request-target.ts';
import { refuseOnSocket } from './socket-refusal.ts';

/** What one client may hear. */
export interface Audience {
  /** What let it in, so that it can be cut off; null for the person at the machine. */
  readonly grantId: string | null;
  readonly holder: Holder;
  /** Where it is. */
  readonly address: string;
  /** Whether it may decide: then it is asked, and is told everything. */
  readonly decides: boolean;
  /** Of the others: whether an event is for them. Remembers nothing. */
  hears(event: AgentEvent | CommandOutput): boolean;
  /** Of the others: whether a session is theirs to see. */
  sees(sessionId: string): boolean;
}

/** Where clients that come back catch up from. */
export interface EventArchive {
  /** Kept events after number `since`, oldest first, at most `limit`. */
  listEvents(since: number, limit: number): AgentEvent[];
  oldestSeq(): number;
  lastSeq(): number;
}

/** What an {@link EventSocket} works with. */
export interface EventSocketOptions {
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly archive: EventArchive;
  /** The live state as of now, without its number. */
  readonly describeLiveState: () => Snapshot['data'];
  /** How many clients there can be. */
  readonly quota: Quota;
}

// A client this far behind does not read; it gets everything anew when it comes back.
const MAX_BACKLOG_BYTES = 1024 * 1024;
// Output must not push a client over the edge: beyond this it gets events only.
const MAX_OUTPUT_BACKLOG_BYTES = 256 * 1024;
// Small enough that reading and sending one takes a millisecond or so.
const CATCH_UP_PAGE = 100;
const PING_MS = 15_000;
// Several changes within this time make one snapshot, and more of them no more than ten a second: every page draws each.
const SNAPSHOT_DELAY_MS = 25;
const SNAPSHOT_REST_MS = 100;
// Counters of a live session run without any event; clients get them anew this often.
const REFRESH_MS = 2000;

/** Where clients connect to. */
export const EVENTS_PATH = '/api/events';

/**
 * The WebSocket `/api/events`: pushes every event, and a snapshot of all that is live on connect and after each
 * change. `?since=<seq>` first replays what came after that number, so that a client that reconnects misses
 * nothing; what is no longer kept is told as a `gap`. Clients only listen.
 */
export class EventSocket {
  readonly #options: EventSocketOptions;
  // Clients have nothing to say: any frame worth reading is a control frame.
  readonly #server = new WebSocketServer({ noServer: true, clientTracking: true, maxPayload: 1024 });
  readonly #alive = new WeakSet<WebSocket>();
  /** Every client, and what it may hear. */
  readonly #audiences = new Map<WebSocket, Audience>();
  /** What each client's messages leave by. */
  readonly #sockets = new WeakMap<WebSocket, Duplex>();
  /** Those that messages wait in until all that happens at this moment has been told. */
  readonly #gathering = new Set<Duplex>();
  /** Clients that have caught up and hear what happens as it happens. */
  readonly #current = new Set<WebSocket>();
  readonly #unsubscribe: () => void;
  #cancelPing: () => void = () => undefined;
  readonly #snapshotTask: PacedTask;
  #cancelRefresh: (() => void) | null = null;

  constructor(options: EventSocketOptions) {
    this.#options = options;
    this.#snapshotTask = new PacedTask({
      clock: options.clock,
      delayMs: SNAPSHOT_DELAY_MS,
      restMs: SNAPSHOT_REST_MS,
      task: () => {
        this.#broadcast(this.#snapshot());
        this.#scheduleRefresh();
      },
    });
    this.#unsubscribe = options.bus.subscribe({
      onEvent: (event) => this.#broadcast(event),
      onOutput: (data) => this.#pass(data),
      onChange: () => {
        if (this.clientCount > 0) this.#snapshotTask.request();
      },
    });
    // The library's own refusal would be HTML.
    this.#server.on('wsClientError', (error, socket) =>
      refuseOnSocket(socket, new PortholeError('invalid_request', `${error.message}.`)),
    );
    this.#schedulePing();
  }

  /** How many clients listen now. */
  get clientCount(): number {
    return this.#server.clients.size;
  }

  /** How many of them could be asked for a decision. */
  get deciderCount(): number {
    return [...this.#audiences.values()].filter(({ decides }) => decides).length;
  }

  /** Cuts off every client that came in by this grant, or those only whose network is `source`. */
  dismiss(grantId: string, source?: string): void {
    for (const [client, audience] of this.#audiences) {
      const isMeant =
        audience.grantId === grantId && (source === undefined || networkSource(audience.address) === source);
      if (isMeant) client.close(1008, 'What let you in was taken back');
    }
  }

  /**
   * Takes over an upgrade request that was admitted, for a client who may hear what `audience` says. Throws `not_found` for another path than {@link EVENTS_PATH},
   * `invalid_request` for a bad `since` and `too_many_connections`; the socket is then untouched.
   */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, audience: Audience): void {
    if (readTarget(request).pathname !== EVENTS_PATH) throw new PortholeError('not_found');
    const since = readSince(request);
    const holders = [...this.#audiences.values()].map(({ holder }) => holder);
    if (!hasRoom(this.#options.quota, holders, audience.holder))
      throw new PortholeError('too_many_connections');
    this.#server.handleUpgrade(request, socket, head, (client) => {
      this.#sockets.set(client, socket);
      this.#welcome(client, since, audience);
    });
  }

  /** Closes every connection. */
  close(): void {
    this.#unsubscribe();
    this.#cancelPing();
    this.#snapshotTask.cancel();
    this.#cancelRefresh?.();
    this.#letGo();
    for (const client of this.#server.clients) client.close(1001, 'The agent is shutting down');
    this.#server.close();
  }

  #welcome(client: WebSocket, since: number | null, audience: Audience): void {
    this.#alive.add(client);
    this.#audiences.set(client, audience);
    client.on('pong', () => this.#alive.add(client));
    client.on('message', () => client.close(1008, 'This socket only tells'));
    client.on('error', () => client.terminate());
    client.on('close', () => {
      this.#current.delete(client);
      this.#audiences.delete(client);
    });
    if (since === null) this.#join(client);
    else this.#catchUp(client, since);
  }

  /** From here on the client hears everything as it happens. */
  #join(client: WebSocket): void {
    this.#show(client, this.#snapshot());
    this.#current.add(client);
    this.#scheduleRefresh();
  }

  /**
   * Page by page, each one when the last has left, so that no client costs more than a page. What happens meanwhile
   * is in the archive too; the step from its last page to {@link #join} is one in which nothing can happen.
   */
  #catchUp(client: WebSocket, since: number): void {
    const { archive } = this.#options;
    const oldest = archive.oldestSeq();
    const last = archive.lastSeq();
    const isAhead = since > last;
    if (isAhead || since + 1 < oldest) {
      const gap: Gap = { event: 'gap', seq: last, data: { since, oldest_seq: oldest } };
      send(client, gap);
    }
    const page = archive.listEvents(isAhead ? oldest - 1 : since, CATCH_UP_PAGE);
    for (const event of page) if (this.#isFor(client, event)) send(client, event);
    const newest = page.at(-1);
    if (newest === undefined || page.length < CATCH_UP_PAGE) {
      this.#join(client);
      return;
    }
    // Answered when all of the page before it has left.
    client.ping(undefined, undefined, (error: Error | undefined) => {
      if (!error && client.readyState === client.OPEN) this.#catchUp(client, newest.seq);
    });
  }

  #isFor(client: WebSocket, event: AgentEvent | CommandOutput): boolean {
    const audience = this.#audiences.get(client);
    return audience !== undefined && (audience.decides || audience.hears(event));
  }

  /** Shows a client the part of a snapshot that is for it. */
  #show(client: WebSocket, snapshot: Snapshot, text?: string): void {
    const audience = this.#audiences.get(client);
    if (audience?.decides) this.#tell(client, text ?? JSON.stringify(snapshot));
    else if (audience) this.#tell(client, JSON.stringify(narrow(snapshot, audience)));
  }

  #broadcast(message: AgentEvent | Snapshot): void {
    const text = JSON.stringify(message);
    for (const client of this.#current) {
      if (client.bufferedAmount > MAX_BACKLOG_BYTES) client.terminate();
      else if (message.event === 'snapshot') this.#show(client, message, text);
      else if (this.#isFor(client, message)) this.#tell(client, text);
    }
  }

  /**
   * Sends a message together with all others of this turn of the event loop: many requests are answered in one, and each
   * write costs the system more than a message costs us.
   */
  #tell(client: WebSocket, text: string): void {
    const socket = this.#sockets.get(client);
    if (socket && !this.#gathering.has(socket)) {
      socket.cork();
      if (this.#gathering.size === 0) setImmediate(() => this.#letGo());
      this.#gathering.add(socket);
    }
    client.send(text);
  }

  #letGo(): void {
    for (const socket of this.#gathering) socket.uncork();
    this.#gathering.clear();
  }

  /** Sends a piece of output to all who keep up; the others fetch what was written when they want it. */
  #pass(data: CommandOutput['data']): void {
    if (this.#current.size === 0) return;
    const { archive } = this.#options;
    const output: CommandOutput = { event: 'remote_command_output', seq: archive.lastSeq(), data };
    const text = JSON.stringify(output);
    for (const client of this.#current) {
      if (client.bufferedAmount <= MAX_OUTPUT_BACKLOG_BYTES && this.#isFor(client, output))
        this.#tell(client, text);
    }
  }

  #snapshot(): Snapshot {
    return {
      event: 'snapshot',
      seq: this.#options.archive.lastSeq(),
      data: this.#options.describeLiveState(),
    };
  }

  #scheduleRefresh(): void {
    if (this.#cancelRefresh) return;
    this.#cancelRefresh = this.#options.clock.after(REFRESH_MS, () => {
      this.#cancelRefresh = null;
      if (this.clientCount === 0) return;
      const snapshot = this.#snapshot();
      if (snapshot.data.total === 0) return;
      this.#broadcast(snapshot);
      this.#scheduleRefresh();
    });
  }

  /** A client that has not answered the last ping is gone, whatever TCP says. */
  #schedulePing(): void {
    this.#cancelPing = this.#options.clock.after(PING_MS, () => {
      for (const client of this.#server.clients) {
        if (!this.#alive.delete(client)) client.terminate();
        else client.ping();
      }
      this.#schedulePing();
    });
  }
}

function narrow({ data, ...snapshot }: Snapshot, audience: Audience): Snapshot {
  const sessions = data.active_sessions.filter(({ session_id }) => audience.sees(session_id));
  return {
    ...snapshot,
    data: {
      active_sessions: sessions,
      total: sessions.length,
      approvals: [],
      advisories: [],
      locked: data.locked,
    },
  };
}

function send(client: WebSocket, message: ServerMessage): void {
  client.send(JSON.stringify(message));
}

function readSince(request: IncomingMessage): number | null {
  const values = readTarget(request).searchParams.getAll('since');
  if (values.length === 0) return null;
  const [value] = values;
  if (values.length === 1 && value !== undefined && /^\d{1,15}$/.test(value)) return Number(value);
  throw new PortholeError('invalid_request', 'The query field "since": must be one whole number.');
}
