import type { RequestListener, ServerResponse } from 'node:http';
import express, { type Request, type RequestHandler } from 'express';
import helmet from 'helmet';
import { PortholeError } from '#shared/errors';
import type { Logger } from '../logger.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { StreamService } from '../stream/stream-service.ts';
import { type ApiParts, createApiHandlers } from './api-handlers.ts';
import { createApiRouter } from './api-router.ts';
import { createCommandRouter } from './command-router.ts';
import { answerNotFound, createErrorAnswerer, errorBody } from './error-answer.ts';
import { assertAdmitted } from './guard.ts';
import { createOpenApiDocument } from './openapi.ts';
import type { PanelPass } from './panel-pass.ts';
import { createStreamRouter } from './stream-router.ts';

/** What the web app serves. */
export interface WebAppParts extends ApiParts {
  readonly sessions: SessionRegistry;
  readonly streams: StreamService;
  readonly log: Logger;
  /** Knows the agent's own windows. */
  readonly panelPass: PanelPass;
  /** The folder of the built panel. */
  readonly pagesFolder: string;
}

/** Everything that this agent answers over HTTP: guard, headers, API, streams, panel, errors, in that order. */
export function createWebApp(parts: WebAppParts): RequestListener {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', 'simple');
  app.use(securityHeaders);
  app.use(guard);
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok', version: parts.about.version });
  });
  const document = createOpenApiDocument(parts.about.version);
  app.get('/api/openapi.json', (_request, response) => {
    response.json(document);
  });
  app.use(parts.panelPass.handler);
  const tellCaller = (request: Request) => parts.panelPass.windowOf(request) ?? 'api';
  app.use(noStore, createApiRouter(createApiHandlers(parts), tellCaller));
  app.use(noStore, createCommandRouter(parts));
  app.use(createStreamRouter(parts));
  app.use(express.static(parts.pagesFolder, { redirect: false }));
  app.use(answerNotFound);
  app.use(createErrorAnswerer(parts.log));
  return (request, response) => {
    // Express passes all of the above by if it finds no path in the target, and would answer in HTML.
    if (request.url?.startsWith('/')) app(request, response);
    else refuseBare(response, new PortholeError('host_not_allowed'));
  };
}

function refuseBare(response: ServerResponse, refusal: PortholeError): void {
  const body = JSON.stringify(errorBody(refusal));
  response.writeHead(refusal.status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

const guard: RequestHandler = (request, _response, next) => {
  assertAdmitted(request);
  next();
};

const noStore: RequestHandler = (request, response, next) => {
  if (request.path.startsWith('/api/')) response.setHeader('Cache-Control', 'no-store');
  next();
};

// Plain HTTP on loopback: telling browsers to insist on HTTPS would only break the page.
const securityHeaders: RequestHandler = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'self'"],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  strictTransportSecurity: false,
  referrerPolicy: { policy: 'no-referrer' },
});
