import express, { type Request, type RequestHandler } from 'express';
import { PortholeError } from '#shared/errors';

/** The most bytes that a request body may have after decompression, unless its endpoint takes more. */
export const MAX_BODY_BYTES = 64 * 1024;

/**
 * Reads a request's body as it came. Two steps instead of a JSON parser, because that one guesses at broken
 * UTF-8, and takes no body of an unknown type as no body.
 */
export function readBody(maxBytes: number): RequestHandler {
  return express.raw({ type: () => true, limit: maxBytes });
}

/**
 * The JSON value in a body that was read; an empty one is `{}`. Throws `unsupported_media_type` for a body that
 * is not said to be JSON, `invalid_request` for one that is not UTF-8 or not JSON.
 */
export function parseJsonBody(request: Request): unknown {
  const bytes: unknown = request.body;
  if (!(bytes instanceof Uint8Array) || bytes.byteLength === 0) return {};
  const charset = /;\s*charset="?([^";]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (!request.is('application/json') || (charset && !/^utf-?8$/i.test(charset.trim()))) {
    throw new PortholeError('unsupported_media_type');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const problem = error instanceof SyntaxError ? 'JSON' : 'UTF-8';
    throw new PortholeError('invalid_request', `The body is not valid ${problem}.`);
  }
}
