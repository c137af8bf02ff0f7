import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { PortholeError } from '#shared/errors';
import { errorBody } from './error-answer.ts';

/** Answers on a bare socket, where there is no response object, and closes it. */
export function refuseOnSocket(socket: Duplex, refusal: PortholeError): void {
  const body = JSON.stringify(errorBody(refusal));
  // Destroyed once it is written: nothing else watches over a socket that node has handed out, and a client that
  // never closes its own side would keep it open for ever.
  socket.once('finish', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
