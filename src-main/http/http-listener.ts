import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { PortholeError } from '#shared/errors';
import { errorBody } from './error-answer.ts';

/** Where to listen; port 0 picks a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** A listening agent. */
export interface HttpListener {
  /** The address to give to people, with the real port. */
  readonly url: string;
  readonly port: number;
  /** Stops accepting, ends every connection, and resolves when the port is free. */
  close(): Promise<void>;
}

// A free port on one loopback family may be taken on the other; then another one is tried.
const FREE_PORT_ATTEMPTS = 10;

/**
 * Listens at `address`. The default, 127.0.0.1, takes ::1 on the same port too where the machine has it, so that
 * nobody else can sit on the other half of `localhost`. Rejects with the system's error (`EADDRINUSE`, …), and then
 * listens nowhere.
 */
export async function listenHttp(
  address: ListenAddress,
  onRequest: RequestListener,
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<HttpListener> {
  for (let attempt = 1; ; attempt += 1) {
    const first = await listenOn(address.host, address.port, onRequest, onUpgrade);
    const { port } = first.address() as AddressInfo;
    try {
      const second =
        address.host === '127.0.0.1' ? await listenOnIpv6Loopback(port, onRequest, onUpgrade) : null;
      const servers = second ? [first, second] : [first];
      const host = address.host.includes(':') ? `[${address.host}]` : address.host;
      return { url: `http://${host}:${port}`, port, close: () => closeAll(servers) };
    } catch (error) {
      await closeAll([first]);
      if (address.port !== 0 || attempt === FREE_PORT_ATTEMPTS) throw error;
    }
  }
}

async function listenOnIpv6Loopback(
  port: number,
  ...handlers: [RequestListener, (request: IncomingMessage, socket: Duplex, head: Buffer) => void]
): Promise<Server | null> {
  try {
    return await listenOn('::1', port, ...handlers);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return null;
    throw error;
  }
}

function listenOn(
  host: string,
  port: number,
  onRequest: RequestListener,
  onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
): Promise<Server> {
  // Whoever dawdles over a request's head holds a connection for 5 s at most (slowloris).
  const server = createServer(
    { headersTimeout: 5000, requestTimeout: 30_000, connectionsCheckingInterval: 1000 },
    onRequest,
  );
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    try {
      onUpgrade(request, socket, head);
    } catch (error) {
      refuseUpgrade(socket, error instanceof PortholeError ? error : new PortholeError('internal_error'));
    }
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable)
      refuseUpgrade(socket, new PortholeError('invalid_request', 'The request is not valid HTTP.'));
    else socket.destroy();
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

/** Answers on a bare socket, where there is no response object, and closes it. */
function refuseUpgrade(socket: Duplex, refusal: PortholeError): void {
  const body = JSON.stringify(errorBody(refusal));
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    ),
  );
}
