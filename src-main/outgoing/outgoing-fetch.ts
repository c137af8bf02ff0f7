import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import type { OpenRequest } from './outgoing.ts';

/** A `fetch` as far as we and the MCP client need one: bodies are texts, and no redirect is followed. */
export type OutgoingFetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** Makes a `fetch` of whatever opens requests. With `redirect: 'error'` it rejects for an answer that leads elsewhere. */
export function createOutgoingFetch(open: OpenRequest): OutgoingFetch {
  return async (url, init = {}) => {
    const ended = new AbortController();
    const signal = init.signal ? AbortSignal.any([init.signal, ended.signal]) : ended.signal;
    signal.throwIfAborted();
    const body = typeof init.body === 'string' ? init.body : undefined;
    const headers = Object.fromEntries(new Headers(init.headers));
    if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body));
    const { request } = await open(new URL(url), { method: init.method ?? 'GET', headers, signal });
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.once('response', resolve);
        request.on('error', reject);
        request.end(body);
      });
      const status = response.statusCode ?? 500;
      if (init.redirect === 'error' && status >= 300 && status < 400 && response.headers.location)
        throw new Error('it answered with a redirect');
      return toResponse(response, status);
    } catch (error) {
      ended.abort();
      throw error;
    }
  };
}

function toResponse(response: IncomingMessage, status: number): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(response.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  const hasBody = status !== 204 && status !== 205 && status !== 304;
  if (!hasBody) response.resume();
  const body = hasBody ? (Readable.toWeb(response) as NodeReadableStream<Uint8Array>) : null;
  return new Response(body as ReadableStream<Uint8Array> | null, { status, headers });
}
