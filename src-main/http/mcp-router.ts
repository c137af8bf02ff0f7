import { randomUUID } from 'node:crypto';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import { PortholeError } from '#shared/errors';
import type { Admission } from '../access/gate.ts';
import type { Logger } from '../logger.ts';
import type { LiveSettings } from '../settings/settings-store.ts';
import { describeOrigin } from './api-router.ts';
import type { Guard } from './guard.ts';
import { parseJsonBody, readBody } from './json-body.ts';
import { McpCalls } from './mcp-calls.ts';
import { type McpConnection, McpConnections } from './mcp-connections.ts';
import type { McpParts } from './mcp-context.ts';
import { sendWebResponse, takesStreams, toJsonAnswer, toWebRequest } from './mcp-exchange.ts';
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
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/**
 * The Model Context Protocol over streamable HTTP: each AI agent has an MCP session of its own. Sessions that it
 * starts live on while it is there, and end when it says good-bye; if it just vanishes they are dropped like
 * anybody's. https://modelcontextprotocol.io/specification/2025-11-25/basic/transports
 */
export function createMcpEndpoint(parts: McpRouterParts): McpEndpoint {
  const { clock, sessions, log, guard } = parts;

  const keepAlive = (id: string): boolean => {
    try {
      sessions.heartbeat(id);
      return true;
    } catch {
      return false;
    }
  };
  const connections = new McpConnections({
    clock,
    beatMs: () => parts.settings.current.heartbeatIntervalSeconds * 1000,
    onAlive: keepAlive,
  });

  const connect = async (admission: Admission): Promise<WebStandardStreamableHTTPServerTransport> => {
    const { principal, scope } = admission;
    const sessionIds = new Set<string>();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => {
        connections.add(id, { transport, server, principal, calls, sessionIds });
      },
      onsessionclosed: () => {
        for (const id of sessionIds) endSession(id, 'The AI agent disconnected');
      },
    });
    const calls = new McpCalls(transport);
    const server = createMcpServer(parts, {
      origin: `${describeOrigin(admission)}, through MCP`,
      claim: claimOf(admission, parts.settings.current),
      sees: (id) => scope.of === 'all' || sessions.isVisible(id, scope),
      onSessionStarted: (id) => sessionIds.add(id),
      leftSignal: (call) => calls.leftSignal(call),
    });
    server.server.onerror = (error) => log.debug({ err: error }, 'an MCP client was answered with an error');
    transport.onclose = () => {
      if (transport.sessionId !== undefined) connections.delete(transport.sessionId);
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

  /** The client that names itself in the request's head; undefined if it names none. */
  const findConnection = (request: Request, { principal }: Admission): McpConnection | undefined => {
    const id = request.headers[SESSION_HEADER];
    if (id === undefined) return undefined;
    const known = typeof id === 'string' ? connections.find(id, principal) : undefined;
    if (known) return known;
    throw new PortholeError('not_found', 'No MCP session of yours has this id; initialize anew.');
  };

  const answerPost = async (request: Request, response: Response): Promise<void> => {
    const admission = guard.admissionTo('mcp', request);
    const known = findConnection(request, admission);
    const body = parseJsonBody(request);
    if (Array.isArray(body) && body.length === 0) {
      throw new PortholeError('invalid_request', 'A batch has at least one message.');
    }
    if (known) connections.note(known, body, response);
    else if (isInitializeRequest(body)) connections.makeRoom(admission.principal);
    else throw new PortholeError('invalid_request', NAMELESS);
    const transport = known?.transport ?? (await connect(admission));
    const answer = await transport.handleRequest(toWebRequest(request), { parsedBody: body });
    await known?.calls.endCancelled(body);
    await sendWebResponse(takesStreams(request) ? answer : await toJsonAnswer(answer), response);
  };

  const answerNamed = async (
    route: 'mcpListen' | 'mcpEnd',
    request: Request,
    response: Response,
  ): Promise<void> => {
    const known = findConnection(request, guard.admissionTo(route, request));
    if (!known) throw new PortholeError('invalid_request', NAMELESS);
    if (route === 'mcpListen') connections.listen(known, response);
    else connections.note(known, null, response);
    await sendWebResponse(await known.transport.handleRequest(toWebRequest(request)), response);
  };

  const router = express.Router({ caseSensitive: true, strict: true });
  const route = router.route(MCP_PATH);
  const refuseOthers: RequestHandler = (_request, response) => {
    response.setHeader('Allow', 'GET, POST, DELETE');
    throw new PortholeError('method_not_allowed', 'This address takes GET, POST or DELETE.');
  };
  // Express would take it for a GET, and hold open a stream that nothing is to be sent over.
  route.head(refuseOthers);
  route.post(readBody(MAX_BODY_BYTES), answerPost);
  route.get((request, response) => answerNamed('mcpListen', request, response));
  route.delete((request, response) => answerNamed('mcpEnd', request, response));
  route.all(refuseOthers);
  return {
    router,
    dismiss: (grantId) => connections.dismiss(grantId),
    close: () => connections.close(),
  };
}

const NAMELESS = 'Begin with an initialize request, and name its MCP session in Mcp-Session-Id.';
