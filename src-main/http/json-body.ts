import { isAscii, isUtf8, transcode } from 'node:buffer';
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
 * is not said to be JSON, `invalid_request` for one that is not UTF-8, not JSON, or of too many values or blanks.
 */
export function parseJsonBody(request: Request): unknown {
  const bytes: unknown = request.body;
  if (!(bytes instanceof Uint8Array) || bytes.byteLength === 0) return {};
  const charset = /;\s*charset="?([^";]*)/i.exec(request.headers['content-type'] ?? '')?.[1];
  if (!request.is('application/json') || (charset && !/^utf-?8$/i.test(charset.trim()))) {
    throw new PortholeError('unsupported_media_type');
  }
  const excess = findExcess(bytes);
  if (excess !== null) throw new PortholeError('invalid_request', excess);
  const text = decode(bytes);
  if (text === null) throw new PortholeError('invalid_request', 'The body is not valid UTF-8.');
  try {
    return JSON.parse(text);
  } catch {
    throw new PortholeError('invalid_request', 'The body is not valid JSON.');
  }
}

/** UTF-8 as text, without a mark of its order of bytes; null if it is none. */
function decode(bytes: Uint8Array): string | null {
  if (!isUtf8(bytes)) return null;
  const plain = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // By way of UTF-16, which takes a fifth of the time that a decoder takes for characters beside ASCII.
  const text = isAscii(plain)
    ? plain.toString('latin1')
    : Buffer.from(transcode(plain, 'utf8', 'utf16le')).toString('utf16le');
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

/**
 * More than any request needs: arguments and variables, as many as there may be, are 12,000. A megabyte of brackets or
 * numbers takes long to be read and longer to be found wrong, each of them by itself.
 */
const MAX_JSON_PARTS = 20_000;
/** What may stand between the texts of so many: numbers, blanks, and the signs themselves. */
const MAX_KIBIBYTES_BETWEEN = 512;
/** A text that is longer is skipped by looking for its end alone. */
const LONG_TEXT_BYTES = 64;

const [QUOTE, BACKSLASH, COMMA, COLON, BRACKET, BRACE] = [0x22, 0x5c, 0x2c, 0x3a, 0x5b, 0x7b];

/** What JSON has too much of to be read, told by what stands between its texts; null if it is modest. */
function findExcess(bytes: Uint8Array): string | null {
  let parts = 0;
  let between = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    between += 1;
    if (byte === QUOTE) at = endOfText(bytes, at + 1);
    else if (byte === COMMA || byte === COLON || byte === BRACKET || byte === BRACE) parts += 1;
    if (parts > MAX_JSON_PARTS) return `The body holds more than ${MAX_JSON_PARTS} values and keys.`;
    if (between > MAX_KIBIBYTES_BETWEEN * 1024)
      return `The body holds more than ${MAX_KIBIBYTES_BETWEEN} KiB between its texts.`;
  }
  return null;
}

/** Where the quote is that ends the text which begins at `start`; the length of all if there is none. */
function endOfText(bytes: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    const near = Math.min(bytes.length, at + LONG_TEXT_BYTES);
    for (; at < near; at += 1) {
      const byte = bytes[at];
      if (byte === QUOTE) return at;
      if (byte === BACKSLASH) at += 1;
    }
    if (at >= bytes.length) return bytes.length;
    // Up to the next quote, or to what is before that: an even number of backslashes leaves it a quote.
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return bytes.length;
    let first = quote;
    while (first > at && bytes[first - 1] === BACKSLASH) first -= 1;
    if ((quote - first) % 2 === 0) return quote;
    at = quote + 1;
  }
}
