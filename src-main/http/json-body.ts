import express, { type Request, type RequestHandler } from 'express';
import { PortholeError } from '#shared/errors';

/** The most bytes that a request body may have after decompression, unless its endpoint takes more. */
export const MAX_BODY_BYTES = 64 * 1024;

/**
 * Reads a request's body as it came, and refuses one that never came whole. Two steps instead of a JSON parser, because
 * that one guesses at broken UTF-8, and takes no body of an unknown type as no body.
 */
export function readBody(maxBytes: number): RequestHandler {
  const read = express.raw({ type: () => true, limit: maxBytes });
  return (request, response, next) =>
    read(request, response, (error?: unknown) => {
      // Broken off before anybody had begun to read it, which express takes for a request without a body.
      const isCut = error === undefined && !request.complete;
      next(isCut ? new PortholeError('invalid_request', 'The request broke off.') : error);
    });
}

/**
 * The JSON value in a body that was read; an empty one is `{}`. Throws `unsupported_media_type` for a body that
 * is not said to be JSON, `invalid_request` for one that is not UTF-8, not JSON, or of too many values.
 */
export function parseJsonBody(request: Request): unknown {
  const bytes: unknown = request.body;
  if (!(bytes instanceof Uint8Array) || bytes.byteLength === 0) return {};
  const charset = /;\s*charset="?([^";]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (!request.is('application/json') || (charset && !/^utf-?8$/i.test(charset.trim()))) {
    throw new PortholeError('unsupported_media_type');
  }
  if (!isModest(bytes)) {
    throw new PortholeError('invalid_request', `The body holds more than ${MAX_JSON_PARTS} values and keys.`);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    const problem = error instanceof SyntaxError ? 'JSON' : 'UTF-8';
    throw new PortholeError('invalid_request', `The body is not valid ${problem}.`);
  }
}

/**
 * More than any request needs: arguments and variables, as many as there may be, are 12,000. A megabyte of brackets or
 * numbers takes long to be read and longer to be found wrong, each of them by itself.
 */
const MAX_JSON_PARTS = 20_000;

const [QUOTE, BACKSLASH, COMMA, COLON, BRACKET, BRACE] = [...'"\\,:[{'].map((character) =>
  character.charCodeAt(0),
);

/** Whether JSON has no more parts than that, told by what stands between them. */
function isModest(bytes: Uint8Array): boolean {
  let parts = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length && parts <= MAX_JSON_PARTS; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) isInString = !isInString;
    else if (isInString) at += byte === BACKSLASH ? 1 : 0;
    else if (byte === COMMA || byte === COLON || byte === BRACKET || byte === BRACE) parts += 1;
  }
  return parts <= MAX_JSON_PARTS;
}
