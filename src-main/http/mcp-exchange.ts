import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { type ErrorCode, PortholeError } from '#shared/errors';

/** A request as the web standards have it; its body is read as it is asked for. */
export function toWebRequest(request: IncomingMessage): Request {
  const method = request.method ?? 'GET';
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  // Only the path matters: who was called by what name is settled already.
  const url = new URL(`http://localhost${request.url ?? '/'}`);
  if (method !== 'POST') return new Request(url, { method, headers });
  return new Request(url, { method, headers, body: Readable.toWeb(request), duplex: 'half' } as RequestInit);
}

/** Answers with what a web-standard handler answered; resolves when all of it is sent or the client has left. */
export async function sendWebResponse(answer: Response, response: ServerResponse): Promise<void> {
  if (answer.status >= 400) throw await toRefusal(answer);
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  if (!answer.body) {
    response.end();
    return;
  }
  response.flushHeaders();
  try {
    await pipeline(Readable.fromWeb(answer.body as NodeReadableStream), response);
  } catch {
    // The client has left; what feeds the stream is told by its cancellation.
  }
}

const CODES: Readonly<Record<number, ErrorCode>> = {
  404: 'not_found',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
};

/** A refusal in the shape that all of this agent's have; the protocol leaves that to the server. */
async function toRefusal(answer: Response): Promise<PortholeError> {
  const code = CODES[answer.status] ?? 'invalid_request';
  const text = await answer.text();
  const said = /"message":"([^"\\]*)"/.exec(text)?.[1] ?? '';
  const sentence = said.replace(/^Bad Request: /, '').replace(/\.?$/, '.');
  return new PortholeError(code, sentence === '.' ? undefined : sentence);
}
