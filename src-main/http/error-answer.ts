import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { type ErrorBody, PortholeError } from '#shared/errors';
import type { Logger } from '../logger.ts';

/** The body that tells a caller of `error`. */
export function errorBody(error: PortholeError): ErrorBody {
  return { success: false, error: error.code, message: error.message };
}

/** What the head of such an answer says besides. */
export function refusalHeaders(error: PortholeError): Record<string, string> {
  return {
    ...(error.status === 401 ? { 'WWW-Authenticate': 'Bearer realm="porthole"' } : {}),
    // All that there is; an address that takes less has said so before.
    ...(error.status === 405 ? { Allow: 'GET, HEAD, POST, DELETE' } : {}),
    ...(error.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(error.retryAfterSeconds) }),
    // It is one connection too many for as long as it is open.
    ...(error.code === 'too_many_connections' ? { Connection: 'close' } : {}),
  };
}

/** An `invalid_request` whose message names the first field at fault; `where` is `body`, `query` or `path`. */
export function invalidRequest(where: 'body' | 'query' | 'path', error: z.ZodError): PortholeError {
  const issue = error.issues[0];
  if (!issue) return new PortholeError('invalid_request');
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') path.push(issue.keys[0] ?? '');
  const field = path.length > 0 ? `${where} field "${path.join('.').slice(0, 100)}"` : where;
  const problem = issue.code === 'unrecognized_keys' ? 'is not known here' : issue.message;
  return new PortholeError('invalid_request', `The ${field}: ${problem.slice(0, 200)}.`);
}

/** Answers 404 to whatever no route took. */
export const answerNotFound: RequestHandler = (_request, _response, next) => {
  next(new PortholeError('not_found'));
};

/** Turns what routes throw into the contract's error shape; bugs are logged and answered without detail. */
export function createErrorAnswerer(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response: Response, _next) => {
    const known = toPortholeError(error);
    if (!known) log.error({ err: error, method: request.method, path: request.path }, 'request failed');
    const answer = known ?? new PortholeError('internal_error');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const allowed = response.getHeader('Allow');
    response.status(answer.status).set(refusalHeaders(answer));
    if (allowed !== undefined) response.setHeader('Allow', allowed);
    response.json(errorBody(answer));
  };
}

/** What express and its body parser throw for a request that is wrong, in our own terms. */
function toPortholeError(error: unknown): PortholeError | undefined {
  if (error instanceof PortholeError) return error;
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined;
  if (error.status === 413) return new PortholeError('payload_too_large');
  if (error.status === 415)
    return new PortholeError('unsupported_media_type', 'This encoding or charset is not supported.');
  if (error.status >= 400 && error.status < 500)
    return new PortholeError('invalid_request', 'The request is malformed.');
  return undefined;
}
