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
import { refuseOtherMethods } from './other-methods.ts';
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
  app.use(['/api', '/healthz'], noStore);
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok', version: parts.about.version });
  });
  const document = createOpenApiDocument(parts.about.version);
  app.get('/api/openapi.json', (_request, response) => {
    response.json(document);
  });
  app.all(['/healthz', '/api/openapi.json'], refuseOtherMethods);
  app.use(parts.panelPass.handler);
  const tellCaller = (request: Request) => parts.panelPass.windowOf(request) ?? 'api';
  app.use(createApiRouter(createApiHandlers(parts), tellCaller));
  app.use(createCommandRouter(parts));
  app.use(createStreamRouter(parts));
  app.use(express.static(parts.pagesFolder, { redirect: false }));
  app.use(answerNotFound);
  app.use(createErrorAnswerer(parts.log));
  return (request, response) => {
    const refusal = findTargetFault(request.url ?? '');
    if (refusal) refuseBare(response, refusal);
    else app(request, response);
  };
}

/**
 * What is wrong with a target that express would not read as we do: it passes all of our handlers by where it finds no
 * path, and would answer in HTML; and a fragment (which no client may send: RFC 9112, section 3.2) it takes for path
 * or not, from case to case.
 */
function findTargetFault(target: string): PortholeError | null {
  if (!target.startsWith('/')) return new PortholeError('host_not_allowed');
  return target.includes('#')
    ? new PortholeError('invalid_request', 'An address has no fragment here.')
    : null;
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

/** What the agent says of itself is true for the moment only: nobody keeps it, and no copy of it is still good. */
const noStore: RequestHandler = (request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  delete request.headers['if-none-match'];
  delete request.headers['if-modified-since'];
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
