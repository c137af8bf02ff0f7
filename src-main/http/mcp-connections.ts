import type { ServerResponse } from 'node:http';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { PortholeError } from '#shared/errors';
import { grantOf, identityOf, type Principal } from '../access/principal.ts';
import type { Clock } from '../clock.ts';
import type { McpCalls } from './mcp-calls.ts';

/** One MCP session: a client that has initialized, and has not said good-bye. */
export interface McpConnection {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly server: McpServer;
  /** Who it was let in as: nobody else may use its MCP session. */
  readonly principal: Principal;
  readonly calls: McpCalls;
  /** The sessions that it has started. */
  readonly sessionIds: Set<string>;
  /** The stream that it listens to, if it does. */
  listening: ServerResponse | null;
  /** When it last asked for or answered something, on the monotonic clock. */
  lastHeardMs: number;
}

/** What {@link McpConnections} work with. */
export interface McpConnectionsOptions {
  readonly clock: Clock;
  /** How often clients are looked after; asked for anew each time. */
  readonly beatMs: () => number;
  /** Hears at each beat of a session whose client is there; false for one that has ended. */
  readonly onAlive: (sessionId: string) => boolean;
}

/** The most MCP sessions of one principal: enough for everything that a person has open, and each is cheap. */
const MAX_PER_PRINCIPAL = 64;
/** A client that says nothing for so long is forgotten. */
const FORGET_MS = 30 * 60_000;

/**
 * Every MCP session there is. A client counts as there while a call of it is answered, or it listens and has answered
 * one of the last two pings: that its stream is open proves nothing, the other end of a dead link closes none.
 */
export class McpConnections {
  readonly #options: McpConnectionsOptions;
  readonly #byId = new Map<string, McpConnection>();
  #cancelBeat: () => void = () => undefined;

  constructor(options: McpConnectionsOptions) {
    this.#options = options;
    this.#scheduleBeat();
  }

  /** Adds a client that has just been heard. */
  add(id: string, connection: Omit<McpConnection, 'listening' | 'lastHeardMs'>): void {
    this.#byId.set(id, { ...connection, listening: null, lastHeardMs: this.#now() });
  }

  /** The MCP session of that name, if it is this principal's. */
  find(id: string, principal: Principal): McpConnection | undefined {
    const found = this.#byId.get(id);
    return found && identityOf(found.principal) === identityOf(principal) ? found : undefined;
  }

  /** Takes note that a client asks for or answers something; it is idle from the end of `response` on. */
  note(connection: McpConnection, body: unknown, response: ServerResponse): void {
    connection.lastHeardMs = this.#now();
    const end = connection.calls.begin(body);
    response.once('close', () => {
      end(response.writableFinished);
      if (response.writableFinished) connection.lastHeardMs = this.#now();
    });
  }

  /** From now on `response` is the stream that a client listens to; an older one ends. */
  listen(connection: McpConnection, response: ServerResponse): void {
    connection.lastHeardMs = this.#now();
    connection.transport.closeStandaloneSSEStream();
    connection.listening?.destroy();
    connection.listening = response;
    response.once('close', () => {
      if (connection.listening === response) connection.listening = null;
    });
  }

  /**
   * Sees to it that this principal can have one more MCP session: many clients never say good-bye, so the one that has
   * been idle longest goes. Throws `too_many_connections` when all of its clients are there and at work.
   */
  makeRoom(principal: Principal): void {
    const identity = identityOf(principal);
    const own = [...this.#byId.values()].filter((each) => identityOf(each.principal) === identity);
    if (own.length < MAX_PER_PRINCIPAL) return;
    const [idlest] = own.filter((each) => !this.#isThere(each)).sort((a, b) => a.lastHeardMs - b.lastHeardMs);
    if (!idlest) {
      throw new PortholeError(
        'too_many_connections',
        `${MAX_PER_PRINCIPAL} MCP clients of yours are connected and at work; close one of them.`,
      );
    }
    void idlest.transport.close();
  }

  /** Forgets an MCP session that has ended. */
  delete(id: string): void {
    this.#byId.delete(id);
  }

  /** Ends the MCP sessions of everybody who came in by this grant. */
  dismiss(grantId: string): void {
    for (const { principal, transport } of [...this.#byId.values()]) {
      if (grantOf(principal) === grantId) void transport.close();
    }
  }

  /** Ends every MCP session. */
  async close(): Promise<void> {
    this.#cancelBeat();
    await Promise.all([...this.#byId.values()].map(({ transport }) => transport.close()));
  }

  #beat(): void {
    for (const connection of [...this.#byId.values()]) {
      if (this.#isThere(connection)) this.#tellAlive(connection);
      else if (this.#now() - connection.lastHeardMs > FORGET_MS) void connection.transport.close();
      if (connection.listening) this.#ping(connection);
    }
    this.#scheduleBeat();
  }

  #tellAlive({ sessionIds }: McpConnection): void {
    for (const id of [...sessionIds]) if (!this.#options.onAlive(id)) sessionIds.delete(id);
  }

  #ping({ server }: McpConnection): void {
    // The answer is a request like any other, by which the client is heard.
    server.server.ping().catch(() => undefined);
  }

  #isThere({ calls, listening, lastHeardMs }: McpConnection): boolean {
    return calls.count > 0 || (listening !== null && this.#now() - lastHeardMs <= 2 * this.#options.beatMs());
  }

  #scheduleBeat(): void {
    this.#cancelBeat = this.#options.clock.after(this.#options.beatMs(), () => this.#beat());
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }
}
