import express, { type Router } from 'express';
import type { z } from 'zod';
import {
  type AnswerOf,
  API,
  type BodyOf,
  type Endpoint,
  type EndpointName,
  type ParamsOf,
  type QueryOf,
} from '#shared/api';
import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import { stringifyVisibly } from '#shared/visible-json';
import type { Admission } from '../access/gate.ts';
import { type Scope, tokenOf } from '../access/principal.ts';
import { SERVICE_ROUTES } from '../access/routes.ts';
import { type CallerCookies, callerCookies } from './caller-cookies.ts';
import { invalidRequest } from './error-answer.ts';
import type { Guard } from './guard.ts';
import { MAX_BODY_BYTES, parseJsonBody, readBody } from './json-body.ts';

/** What a handler gets: everything parsed by the contract's schemas. */
export interface Call<N extends EndpointName> {
  readonly params: ParamsOf<N>;
  readonly query: QueryOf<N>;
  readonly body: BodyOf<N>;
  /** Where the call came from, for people to read: an address, or `this machine`. */
  readonly origin: string;
  /** What it was made with: one of the agent's own windows, or the bare API. */
  readonly by: Decider;
  /** Who makes it, and which sessions they may know of: a handler that names several shows no others. */
  readonly admission: Admission;
  readonly cookies: CallerCookies;
}

/** What the router asks of the rest of the agent. */
export interface RouterParts {
  readonly guard: Guard;
  /** Whether a session, live or ended, is in `scope`. */
  readonly isVisible: (sessionId: string, scope: Scope) => boolean;
  /** The session of a command. Throws `command_not_found`. */
  readonly sessionOfCommand: (commandId: string) => string;
}

/** One handler for each endpoint of the contract; throws `PortholeError` to refuse. */
export type ApiHandlers = {
  readonly [N in EndpointName]: (call: Call<N>) => AnswerOf<N> | Promise<AnswerOf<N>>;
};

/** Routes every endpoint of the contract to its handler; other methods on its path answer 405. */
export function createApiRouter(handlers: ApiHandlers, parts: RouterParts): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  for (const name of Object.keys(API) as EndpointName[]) {
    mountEndpoint(router, name, handlers, parts);
  }
  for (const path of new Set(Object.values(API).map((endpoint) => endpoint.path))) {
    const allowed = [
      ...Object.values<{ method: string; path: string }>(API),
      ...Object.values(SERVICE_ROUTES),
    ]
      .filter((endpoint) => endpoint.path === path)
      // Whatever can be got can be asked about (RFC 9110, section 9.1).
      .flatMap(({ method }) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()]));
    router.all(toExpressPath(path), (_request, response, next) => {
      response.setHeader('Allow', allowed.join(', '));
      next(new PortholeError('method_not_allowed', `This address takes ${allowed.join(' or ')}.`));
    });
  }
  return router;
}

function mountEndpoint<N extends EndpointName>(
  router: Router,
  name: N,
  handlers: ApiHandlers,
  parts: RouterParts,
): void {
  const endpoint: Endpoint = API[name];
  const body = readBody(endpoint.maxBodyBytes ?? MAX_BODY_BYTES);
  router[endpoint.method](toExpressPath(endpoint.path), body, async (request, response) => {
    const admission = parts.guard.admissionTo(name, request);
    // The schemas of endpoint N produce the types of Call<N>; the compiler cannot follow that through the table.
    const call = {
      params: parsePart('path', endpoint.params, request.params),
      query: parsePart('query', endpoint.query, request.query),
      body: parsePart('body', endpoint.body, endpoint.method === 'get' ? {} : parseJsonBody(request)),
      origin: describeOrigin(admission),
      by: admission.principal.kind === 'panel' ? admission.principal.window : 'api',
      admission,
      cookies: callerCookies(request, response),
    } as Call<N>;
    // What a query names only narrows a list, which shows nothing that is not in scope.
    for (const part of [call.params, call.body]) assertVisible(part, admission.scope, parts);
    const answer = await handlers[name](call);
    // People read answers in terminals.
    response
      .status(endpoint.status ?? 200)
      .type('json')
      .send(stringifyVisibly(answer));
  });
}

function parsePart(where: 'path' | 'query' | 'body', schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidRequest(where, parsed.error);
  return parsed.data;
}

/** A session or command that is not the caller's own is not there, whether it exists or not. */
function assertVisible(part: object, scope: Scope, { isVisible, sessionOfCommand }: RouterParts): void {
  if (scope.of === 'all') return;
  if ('session_id' in part && !isVisible(String(part.session_id), scope))
    throw new PortholeError('session_not_found');
  if ('command_id' in part && !isVisible(sessionOfCommand(String(part.command_id)), scope))
    throw new PortholeError('command_not_found');
}

function toExpressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Where a call comes from, for people to read: whose token it came with, and the address. */
export function describeOrigin({ principal, peer }: Admission): string {
  const place = peer.isLoopback ? 'this machine' : peer.address;
  const token = tokenOf(principal);
  return token ? `${place}, by the token “${token.name}”` : place;
}
