import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { isJSONRPCErrorResponse, isJSONRPCResultResponse } from '@modelcontextprotocol/sdk/types.js';
import { type ErrorCode, PortholeError } from '#shared/errors';

/**
 * A request as the web standards have it, for a handler that is given its body apart. It says that it takes what the
 * protocol wants every client to take; what it really takes is heeded when it is answered.
 */
export function toWebRequest(request: IncomingMessage): Request {
  const method = request.method ?? 'GET';
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    for (const each of [value ?? []].flat()) headers.append(name, each);
  }
  if (method === 'POST') headers.set('accept', 'application/json, text/event-stream');
  else if (takesStreams(request)) headers.set('accept', 'text/event-stream');
  // Only the path matters: who was called by what name is settled already.
  return new Request(new URL(`http://localhost${request.url ?? '/'}`), { method, headers });
}

/**
 * Whether the client can be answered with a stream of events. The protocol wants every client to say that it takes
 * both streams and JSON; some say nothing, some that they take anything, and some that they take JSON only.
 */
export function takesStreams({ headers: { accept } }: IncomingMessage): boolean {
  return accept === undefined || /(^|,)\s*(text\/event-stream|text\/\*|\*\/\*)/i.test(accept);
}

/** The same answer without a stream: its responses as JSON, as soon as the last is there. */
export async function toJsonAnswer(answer: Response): Promise<Response> {
  if (answer.headers.get('content-type') !== 'text/event-stream') return answer;
  const events = (await answer.text()).split('\n').filter((line) => line.startsWith(DATA));
  const messages: unknown[] = events.map((line) => JSON.parse(line.slice(DATA.length)));
  const responses = messages.filter(
    (message) => isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message),
  );
  const headers = { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' };
  // Of a call that was cancelled there is none.
  if (responses.length === 0) return new Response(null, { status: 202, headers });
  return Response.json(responses.length === 1 ? responses[0] : responses, { headers });
}

const DATA = 'data: ';

/** Answers with what a web-standard handler answered; resolves when all of it is sent or the client has left. */
export async function sendWebResponse(answer: Response, response: ServerResponse): Promise<void> {
  if (answer.status >= 400) throw await toRefusal(answer);
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) {
    // Whether the connection is kept is between node and the client, who may have asked to close it.
    if (name !== 'connection') response.setHeader(name, value);
  }
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
