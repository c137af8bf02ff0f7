import { createServer, IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PortholeError } from '#shared/errors';
import { refuseOnSocket } from './socket-refusal.ts';

/** Where to listen; port 0 picks a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What a listener does with what comes. */
export interface ListenHandlers {
  readonly onRequest: RequestListener;
  /** Takes over the socket of a WebSocket upgrade, or throws `PortholeError` to refuse. */
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Hears of connections that the system could not accept, such as for want of file descriptors. */
  readonly onError: (error: unknown) => void;
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
export async function listenHttp(address: ListenAddress, handlers: ListenHandlers): Promise<HttpListener> {
  for (let attempt = 1; ; attempt += 1) {
    const first = await listenOn(address.host, address.port, handlers);
    try {
      const second = address.host === '127.0.0.1' ? await listenOnIpv6Loopback(first.port, handlers) : null;
      const listeners = second ? [first, second] : [first];
      const host = address.host.includes(':') ? `[${address.host}]` : address.host;
      return {
        url: `http://${host}:${first.port}`,
        port: first.port,
        close: async () => {
          await Promise.all(listeners.map((listener) => listener.close()));
        },
      };
    } catch (error) {
      await first.close();
      if (address.port !== 0 || attempt === FREE_PORT_ATTEMPTS) throw error;
    }
  }
}

/** One server on one address. */
interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

async function listenOnIpv6Loopback(port: number, handlers: ListenHandlers): Promise<Listener | null> {
  try {
    return await listenOn('::1', port, handlers);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT') return null;
    throw error;
  }
}

/**
 * Lets no upgrade pass for one but WebSocket's (and CONNECT, which node treats alike); others are served in HTTP/1.1, as RFC 9110 section 7.8 allows. Java's
 * own client, for one, offers `Upgrade: h2c` with each first request, and node would hand us its bare socket.
 */
class Request extends IncomingMessage {
  // Without an initial value: the base class sets `upgrade` before fields are there.
  declare offersUpgrade: unknown;

  get upgrade(): boolean {
    const isTaken = this.method === 'CONNECT' || this.headers.upgrade?.toLowerCase() === 'websocket';
    return Boolean(this.offersUpgrade) && isTaken;
  }

  set upgrade(offered: unknown) {
    this.offersUpgrade = offered;
  }
}

function createHttpServer({ onRequest, onUpgrade }: ListenHandlers): Server {
  const server = createServer(
    {
      IncomingMessage: Request,
      // Whoever dawdles over a request's head holds a connection for 5 s at most (slowloris).
      headersTimeout: 5000,
      requestTimeout: 30_000,
      connectionsCheckingInterval: 1000,
      // The guard refuses it in the contract's shape; node would answer nothing but the status.
      requireHostHeader: false,
    },
    onRequest,
  );
  // An expectation that we do not know may be passed over (RFC 9110 section 10.1.1).
  server.on('checkExpectation', onRequest);
  server.on('connect', (_request, socket) => refuseOnSocket(socket, new PortholeError('method_not_allowed')));
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    try {
      onUpgrade(request, socket, head);
    } catch (error) {
      refuseOnSocket(socket, error instanceof PortholeError ? error : new PortholeError('internal_error'));
    }
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable)
      refuseOnSocket(socket, new PortholeError('invalid_request', 'The request is not valid HTTP.'));
    else socket.destroy();
  });
  return server;
}

async function listenOn(host: string, port: number, handlers: ListenHandlers): Promise<Listener> {
  const server = createHttpServer(handlers);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', handlers.onError);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // All of them: the server itself forgets those that were upgraded, and then waits for them.
        for (const socket of sockets) socket.destroy();
      }),
  };
}
