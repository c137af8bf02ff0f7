import { randomUUID } from 'node:crypto';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import express, { type Request, type Response, type Router } from 'express';
import { PortholeError } from '#shared/errors';
import type { Admission } from '../access/gate.ts';
import { grantOf, type Principal } from '../access/principal.ts';
import type { ServiceRouteName } from '../access/routes.ts';
import type { Logger } from '../logger.ts';
import type { LiveSettings } from '../settings/settings-store.ts';
import { describeOrigin } from './api-router.ts';
import type { Guard } from './guard.ts';
import type { McpParts } from './mcp-context.ts';
import { sendWebResponse, toWebRequest } from './mcp-exchange.ts';
import { createMcpServer } from './mcp-server.ts';
import { claimOf } from './start-claim.ts';

/** What the MCP endpoint works with. */
export interface McpRouterParts extends McpParts {
  readonly log: Logger;
  readonly settings: LiveSettings;
  readonly guard: Guard;
}

/** The MCP endpoint, and what ends it. */
export interface McpEndpoint {
  readonly router: Router;
  /** Ends the MCP sessions of everybody who came in by this grant. */
  dismiss(grantId: string): void;
  /** Ends every MCP session. */
  close(): Promise<void>;
}

/** Where MCP clients connect to. */
export const MCP_PATH = '/mcp';

const SESSION_HEADER = 'mcp-session-id';
const MAX_CLIENTS = 64;
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** A client that says nothing for so long, and does not listen either, is forgotten. */
const FORGET_MS = 30 * 60_000;

interface Connected {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly sessionIds: Set<string>;
  /** Who it was let in as: nobody else may use its MCP session. */
  readonly principal: Principal;
  /** Requests that are being answered, the stream that it listens to included. */
  openRequests: number;
  lastHeardMs: number;
}

/**
 * The Model Context Protocol over streamable HTTP: each AI agent has an MCP session of its own. Sessions that it
 * starts live on while it is connected, and end when it says good-bye; if it just vanishes they are dropped like
 * anybody's. https://modelcontextprotocol.io/specification/2025-06-18/basic/transports
 */
export function createMcpEndpoint(parts: McpRouterParts): McpEndpoint {
  const clients = new Map<string, Connected>();
  const { clock, sessions, log, guard } = parts;

  const connect = async (admission: Admission): Promise<WebStandardStreamableHTTPServerTransport> => {
    if (admission.route !== 'mcp') {
      throw new PortholeError('invalid_request', 'Name the MCP session in Mcp-Session-Id.');
    }
    if (clients.size >= MAX_CLIENTS) throw new PortholeError('too_many_connections');
    const { principal, scope } = admission;
    const sessionIds = new Set<string>();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      maxRequestBodySize: MAX_BODY_BYTES,
      onsessioninitialized: (id) => {
        const lastHeardMs = clock.monotonicMs();
        clients.set(id, { transport, sessionIds, principal, openRequests: 1, lastHeardMs });
      },
      onsessionclosed: () => {
        for (const id of sessionIds) endSession(id, 'The AI agent disconnected');
      },
    });
    const server = createMcpServer(parts, {
      origin: `${describeOrigin(admission)}, through MCP`,
      claim: claimOf(admission, parts.settings.current),
      sees: (id) => scope.of === 'all' || sessions.isVisible(id, scope),
      onSessionStarted: (id) => sessionIds.add(id),
    });
    server.server.onerror = (error) => log.debug({ err: error }, 'an MCP client was answered with an error');
    transport.onclose = () => {
      if (transport.sessionId !== undefined) clients.delete(transport.sessionId);
    };
    // The SDK's own types disagree under exactOptionalPropertyTypes about handlers that may be undefined.
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    return transport;
  };

  const endSession = (id: string, why: string): void => {
    try {
      sessions.stopRemote(id, why);
    } catch (error) {
      log.error({ err: error }, 'the session of an AI agent could not be ended');
    }
  };

  const beat = (): void => {
    for (const client of [...clients.values()]) {
      const isConnected = client.openRequests > 0;
      if (isConnected) for (const id of client.sessionIds) keepAlive(id);
      else if (clock.monotonicMs() - client.lastHeardMs > FORGET_MS) void client.transport.close();
    }
    cancelBeat = clock.after(parts.settings.current.heartbeatIntervalSeconds * 1000, beat);
  };
  const keepAlive = (id: string): void => {
    try {
      sessions.heartbeat(id);
    } catch {
      // It has ended: then it needs no care.
      for (const client of clients.values()) client.sessionIds.delete(id);
    }
  };
  let cancelBeat = clock.after(parts.settings.current.heartbeatIntervalSeconds * 1000, beat);

  const handle = async (route: ServiceRouteName, request: Request, response: Response): Promise<void> => {
    const admission = guard.admissionTo(route, request);
    const id = request.headers[SESSION_HEADER];
    const known = typeof id === 'string' ? clients.get(id) : undefined;
    if (id !== undefined && !(known && isSame(known.principal, admission.principal))) {
      throw new PortholeError('not_found', 'No MCP session of yours has this id; initialize anew.');
    }
    if (known) trackRequest(known, response, () => clock.monotonicMs());
    const transport = known?.transport ?? (await connect(admission));
    const answer = await transport.handleRequest(toWebRequest(request));
    const fresh = !known && transport.sessionId !== undefined ? clients.get(transport.sessionId) : undefined;
    if (fresh) fresh.openRequests -= 1;
    await sendWebResponse(answer, response);
  };

  const router = express.Router({ caseSensitive: true, strict: true });
  const route = router.route(MCP_PATH);
  route.post((request, response) => handle('mcp', request, response));
  route.get((request, response) => handle('mcpListen', request, response));
  route.delete((request, response) => handle('mcpEnd', request, response));
  route.all((_request, response, next) => {
    response.setHeader('Allow', 'GET, POST, DELETE');
    next(new PortholeError('method_not_allowed', 'This address takes GET, POST or DELETE.'));
  });
  return {
    router,
    dismiss: (grantId) => {
      for (const { principal, transport } of [...clients.values()]) {
        if (grantOf(principal) === grantId) void transport.close();
      }
    },
    close: async () => {
      cancelBeat();
      await Promise.all([...clients.values()].map(({ transport }) => transport.close()));
    },
  };
}

function trackRequest(client: Connected, response: Response, now: () => number): void {
  client.openRequests += 1;
  client.lastHeardMs = now();
  response.once('close', () => {
    client.openRequests -= 1;
    client.lastHeardMs = now();
  });
}

function isSame(a: Principal, b: Principal): boolean {
  return a.kind === b.kind && grantOf(a) === grantOf(b);
}
