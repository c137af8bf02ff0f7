import express, { type Request, type Router } from 'express';
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
import { invalidRequest } from './error-answer.ts';
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
}

/** Says what a request was made with. */
export type TellCaller = (request: Request) => Decider;

/** One handler for each endpoint of the contract; throws `PortholeError` to refuse. */
export type ApiHandlers = {
  readonly [N in EndpointName]: (call: Call<N>) => AnswerOf<N> | Promise<AnswerOf<N>>;
};

/** Routes every endpoint of the contract to its handler; other methods on its path answer 405. */
export function createApiRouter(handlers: ApiHandlers, tellCaller: TellCaller): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  for (const name of Object.keys(API) as EndpointName[]) {
    mountEndpoint(router, name, handlers, tellCaller);
  }
  for (const path of new Set(Object.values(API).map((endpoint) => endpoint.path))) {
    const allowed = Object.values(API)
      .filter((endpoint) => endpoint.path === path)
      .map((endpoint) => endpoint.method.toUpperCase());
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
  tellCaller: TellCaller,
): void {
  const endpoint: Endpoint = API[name];
  const body = readBody(endpoint.maxBodyBytes ?? MAX_BODY_BYTES);
  router[endpoint.method](toExpressPath(endpoint.path), body, async (request, response) => {
    // The schemas of endpoint N produce the types of Call<N>; the compiler cannot follow that through the table.
    const call = {
      params: parsePart('path', endpoint.params, request.params),
      query: parsePart('query', endpoint.query, request.query),
      body: parsePart('body', endpoint.body, endpoint.method === 'get' ? {} : parseJsonBody(request)),
      origin: describeOrigin(request),
      by: tellCaller(request),
    } as Call<N>;
    const answer = await handlers[name](call);
    response.status(endpoint.status ?? 200).json(answer);
  });
}

function parsePart(where: 'path' | 'query' | 'body', schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalidRequest(where, parsed.error);
  return parsed.data;
}

function toExpressPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** The caller's address for people to read. */
export function describeOrigin(request: Pick<Request, 'socket'>): string {
  const address = request.socket.remoteAddress ?? 'unknown';
  return isLoopback(address) ? 'this machine' : address.replace(/^::ffff:/, '');
}

/** Whether an IP address is one of this machine's loopback addresses. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address) || address === '::1';
}
