import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PortholeError } from '#shared/errors';
import { errorBody, refusalHeaders } from './error-answer.ts';
import { SECURITY_HEADERS } from './security-headers.ts';

/** Answers on a bare socket, where there is no response object, and closes it. */
export function refuseOnSocket(socket: Duplex, refusal: PortholeError): void {
  const body = JSON.stringify(errorBody(refusal));
  const headers = {
    ...SECURITY_HEADERS,
    ...refusalHeaders(refusal),
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  // Destroyed once it is written: nothing else watches over a socket that node has handed out, and a client that
  // never closes its own side would keep it open for ever.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\n${head.join('')}\r\n${body}`,
  );
}
