import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { PortholeError } from '#shared/errors';
import type { AgentEvent, Gap, ServerMessage, Snapshot } from '#shared/events';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events/event-bus.ts';

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
  readonly maxClients: number;
}

// A client this far behind does not read; it gets everything anew when it comes back.
const MAX_BACKLOG_BYTES = 1024 * 1024;
const CATCH_UP_PAGE = 500;
const PING_MS = 15_000;
// Several changes within this time make one snapshot.
const SNAPSHOT_DELAY_MS = 25;
// Counters of a live session run without any event; clients get them anew this often.
const REFRESH_MS = 2000;

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
  readonly #unsubscribe: () => void;
  #cancelPing: () => void = () => undefined;
  #cancelSnapshot: (() => void) | null = null;
  #cancelRefresh: (() => void) | null = null;

  constructor(options: EventSocketOptions) {
    this.#options = options;
    this.#unsubscribe = options.bus.subscribe({
      onEvent: (event) => this.#broadcast(event),
      onChange: () => this.#scheduleSnapshot(),
    });
    this.#schedulePing();
  }

  /** How many clients listen now. */
  get clientCount(): number {
    return this.#server.clients.size;
  }

  /**
   * Takes over an upgrade request that was admitted. Throws `invalid_request` for a bad `since` and
   * `too_many_connections`; the socket is then untouched.
   */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const since = readSince(request);
    if (this.clientCount >= this.#options.maxClients) throw new PortholeError('too_many_connections');
    this.#server.handleUpgrade(request, socket, head, (client) => this.#welcome(client, since));
  }

  /** Closes every connection. */
  close(): void {
    this.#unsubscribe();
    this.#cancelPing();
    this.#cancelSnapshot?.();
    this.#cancelRefresh?.();
    for (const client of this.#server.clients) client.close(1001, 'The agent is shutting down');
    this.#server.close();
  }

  #welcome(client: WebSocket, since: number | null): void {
    this.#alive.add(client);
    client.on('pong', () => this.#alive.add(client));
    client.on('message', () => client.close(1008, 'This socket only tells'));
    client.on('error', () => client.terminate());
    if (since !== null) this.#catchUp(client, since);
    send(client, this.#snapshot());
    this.#scheduleRefresh();
  }

  /** All in one go, so that no event can come between the replayed ones and the live ones. */
  #catchUp(client: WebSocket, since: number): void {
    const { archive } = this.#options;
    const oldest = archive.oldestSeq();
    const last = archive.lastSeq();
    if (since + 1 < oldest || since > last) {
      const gap: Gap = { event: 'gap', seq: last, data: { since, oldest_seq: oldest } };
      send(client, gap);
    }
    let next = since > last ? oldest - 1 : since;
    for (;;) {
      const page = archive.listEvents(next, CATCH_UP_PAGE);
      for (const event of page) send(client, event);
      if (page.length < CATCH_UP_PAGE) return;
      next = page.at(-1)?.seq ?? next;
    }
  }

  #broadcast(message: ServerMessage): void {
    const text = JSON.stringify(message);
    for (const client of this.#server.clients) {
      if (client.bufferedAmount > MAX_BACKLOG_BYTES) client.terminate();
      else client.send(text);
    }
  }

  #snapshot(): Snapshot {
    return {
      event: 'snapshot',
      seq: this.#options.archive.lastSeq(),
      data: this.#options.describeLiveState(),
    };
  }

  #scheduleSnapshot(): void {
    if (this.#cancelSnapshot || this.clientCount === 0) return;
    this.#cancelSnapshot = this.#options.clock.after(SNAPSHOT_DELAY_MS, () => {
      this.#cancelSnapshot = null;
      this.#broadcast(this.#snapshot());
      this.#scheduleRefresh();
    });
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

function send(client: WebSocket, message: ServerMessage): void {
  client.send(JSON.stringify(message));
}

function readSince(request: IncomingMessage): number | null {
  const values = new URL(request.url ?? '/', 'http://localhost').searchParams.getAll('since');
  if (values.length === 0) return null;
  const [value] = values;
  if (values.length === 1 && value !== undefined && /^\d{1,15}$/.test(value)) return Number(value);
  throw new PortholeError('invalid_request', 'The query field "since": must be one whole number.');
}
