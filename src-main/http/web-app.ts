import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import express, { type RequestHandler } from 'express';
import { PortholeError } from '#shared/errors';
import { splitTarget } from '../access/gate.ts';
import { findRoute, type RouteName } from '../access/routes.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { Snapshots } from '../stream/snapshots.ts';
import type { StreamService } from '../stream/stream-service.ts';
import type { AgentMetrics } from './agent-metrics.ts';
import { type ApiParts, createApiHandlers } from './api-handlers.ts';
import { createApiRouter } from './api-router.ts';
import { createCommandRouter } from './command-router.ts';
import { createDiagnosticsRouter } from './diagnostics-router.ts';
import { answerNotFound, createErrorAnswerer, errorBody, refusalHeaders } from './error-answer.ts';
import { ExportDesk } from './export-desk.ts';
import type { Guard } from './guard.ts';
import type { McpEndpoint } from './mcp-router.ts';
import { createOpenApiDocument } from './openapi.ts';
import { refuseOtherMethods } from './other-methods.ts';
import type { PanelPass } from './panel-pass.ts';
import { createRecordingRouter } from './recording-router.ts';
import { assertRoutesHaveRules, listRoutes } from './route-rules.ts';
import { allowInlinePictures, SECURITY_HEADERS, securityHeaders } from './security-headers.ts';
import { createSourceRouter } from './source-router.ts';
import { createStreamRouter } from './stream-router.ts';

/** What the web app serves. */
export interface WebAppParts extends ApiParts {
  readonly clock: Clock;
  readonly sessions: SessionRegistry;
  readonly streams: StreamService;
  readonly snapshots: Snapshots;
  readonly metrics: AgentMetrics;
  readonly log: Logger;
  readonly guard: Guard;
  /** Knows the agent's own windows. */
  readonly panelPass: PanelPass;
  /** An archive of what helps to find a fault. */
  readonly collectDiagnostics: () => Promise<Uint8Array>;
  /** Serves AI agents. */
  readonly mcp: McpEndpoint;
  /** The folder of the built panel. */
  readonly pagesFolder: string;
}

/**
 * Everything that this agent answers over HTTP: guard, headers, API, streams, panel, errors, in that order. Throws if
 * something in it has no rule in the access table.
 */
export function createWebApp(parts: WebAppParts): RequestListener {
  const { guard } = parts;
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', 'simple');
  app.use(securityHeaders);
  app.use(guard.handler);
  app.use(['/api', '/healthz', '/stream', '/metrics'], createNoStore(guard));
  app.get('/healthz', (request, response) => {
    const { kind } = guard.admissionTo('health', request).principal;
    const isKnown = kind !== 'guest' && kind !== 'viewer';
    response.json({ status: 'ok', ...(isKnown ? { version: parts.about.version } : {}) });
  });
  const document = createOpenApiDocument(parts.about.version);
  app.get('/api/openapi.json', (request, response) => {
    guard.admissionTo('openapi', request);
    response.json(document);
  });
  app.get('/metrics', async (request, response) => {
    guard.admissionTo('metrics', request);
    const text = await parts.metrics.render();
    response.setHeader('Content-Type', parts.metrics.contentType);
    response.send(text);
  });
  app.all(['/healthz', '/api/openapi.json', '/metrics'], refuseOtherMethods);
  app.use((request, response, next) => {
    // Tickets are for the agent's own windows: a command that has come by one must not use it up.
    const { peer, principal } = guard.admissionOf(request);
    const isWindow = peer.isLoopback && ['local', 'panel', 'guest'].includes(principal.kind);
    if (isWindow) parts.panelPass.handler(request, response, next);
    else next();
  });
  // Before the API, which answers another method on the same address.
  app.use(createRecordingRouter(parts));
  app.use(
    createApiRouter(createApiHandlers(parts), {
      guard,
      isVisible: (sessionId, scope) => parts.sessions.isVisible(sessionId, scope),
      sessionOfCommand: (commandId) => parts.commands.sessionOfCommand(commandId),
    }),
  );
  const exports = new ExportDesk(parts.clock);
  app.use(createCommandRouter({ ...parts, exports }));
  app.use(createSourceRouter(parts));
  app.use(createDiagnosticsRouter({ ...parts, exports }));
  app.use(parts.mcp.router);
  app.use(createStreamRouter(parts));
  app.use(createPages(guard, parts.pagesFolder));
  app.use(answerNotFound);
  app.use(createErrorAnswerer(parts.log));
  assertRoutesHaveRules(listRoutes(app));
  return (request, response) => {
    response.once('close', () => countAnswer(parts.metrics, request, response));
    const refusal = findTargetFault(request);
    if (refusal) refuseBare(response, refusal);
    else app(request, response);
  };
}

/**
 * What is wrong with a target that express would not read as we do: it passes all of our handlers by where it finds no
 * path, and would answer in HTML; and a fragment (which no client may send: RFC 9112, section 3.2) it takes for path
 * or not, from case to case.
 */
function findTargetFault({ method, url: target = '' }: IncomingMessage): PortholeError | null {
  // A question to the server as a whole: RFC 9110, section 9.3.7.
  if (method === 'OPTIONS' && target === '*') return new PortholeError('method_not_allowed');
  if (!target.startsWith('/'))
    return new PortholeError('invalid_request', 'What is asked for must be a path, or an address of HTTP.');
  return target.includes('#')
    ? new PortholeError('invalid_request', 'An address has no fragment here.')
    : null;
}

/** A stream is counted when it ends. */
function countAnswer(metrics: AgentMetrics, request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url = '' } = request;
  if (!response.headersSent) return;
  metrics.countRequest(method, findRoute(method, splitTarget(url).path).route, response.statusCode);
}

function refuseBare(response: ServerResponse, refusal: PortholeError): void {
  const body = JSON.stringify(errorBody(refusal));
  response.writeHead(refusal.status, {
    ...SECURITY_HEADERS,
    ...refusalHeaders(refusal),
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    // The guard has not seen it: nobody has asked whether there is room for another request.
    Connection: 'close',
  });
  response.end(body);
}

const VIEW_PAGE = '/view.html';
const PAGES: ReadonlySet<RouteName> = new Set(['panel', 'panelByName', 'prompt', 'apiDocs', 'asset']);

function isPage(path: string): boolean {
  const { name } = findRoute('GET', path).route;
  return name === 'viewPage' || PAGES.has(name);
}

/** The files of the pages, at the addresses that the access table knows as theirs and at no other. */
function createPages(guard: Guard, folder: string): RequestHandler {
  const serve = express.static(folder, { redirect: false, extensions: ['html'] });
  return (request, response, next) => {
    const { route } = guard.admissionOf(request);
    if (route === 'apiDocs') allowInlinePictures(response);
    if (route === 'viewPage') {
      // One page for all shares. Its address may hold a key, under which nobody is to keep it.
      response.setHeader('Cache-Control', 'no-store');
      request.url = VIEW_PAGE;
      serve(request, response, next);
    } else if (PAGES.has(route)) serve(request, response, next);
    else if (isPage(request.path)) refuseOtherMethods(request, response, next);
    else next();
  };
}

/** What the agent says of itself is true for the moment only: nobody keeps it, and no copy of it is still good. */
const createNoStore =
  (guard: Guard): RequestHandler =>
  (request, response, next) => {
    response.setHeader('Cache-Control', 'no-store');
    // A recording never changes: who was cut off in the middle of one may ask for the rest.
    if (guard.admissionOf(request).route === 'playRecording') return next();
    delete request.headers['if-none-match'];
    delete request.headers['if-modified-since'];
    next();
  };
