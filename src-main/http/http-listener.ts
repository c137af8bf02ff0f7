import { createServer, IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PortholeError } from '#shared/errors';
import type { ListenAddress, ListenPlan } from './listen-plan.ts';
import { settleTarget } from './request-target.ts';
import { refuseOnSocket } from './socket-refusal.ts';

/** How to listen; port 0 picks a free one. */
export interface ListenOptions {
  readonly plan: ListenPlan;
  readonly port: number;
  /** Certificate chain and private key as PEM, for HTTPS; null for plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
}

/** What a listener does with what comes. */
export interface ListenHandlers {
  readonly onRequest: RequestListener;
  /** Takes over the socket of a WebSocket upgrade, or rejects with `PortholeError` to refuse. */
  readonly onUpgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>;
  /** Hears of each connection when requests can come over it. */
  readonly onConnection: (socket: Socket) => void;
  /** Hears when a connection has been answered and waits for its next request, and when it waits no longer. */
  readonly onIdle: (socket: Socket, isIdle: boolean) => void;
  /** Hears of connections that the system could not accept, as for want of file descriptors, and of our own bugs. */
  readonly onError: (error: unknown) => void;
}

/** A listening agent. */
export interface HttpListener {
  /** The address for this machine itself, with the real port. */
  readonly url: string;
  readonly port: number;
  /** Stops accepting, ends every connection, and resolves when the port is free. */
  close(): Promise<void>;
}

// A free port on one address may be taken on another; then a new one is tried.
const FREE_PORT_ATTEMPTS = 10;

// TLS 1.3 has no others. Of TLS 1.2 those alone with forward secrecy and authenticated encryption, which those with CBC
// have not (RFC 9325, section 4.2).
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

// Beyond what {@link ConnectionCounts} lets in with an answer: these are closed without one.
const MAX_SOCKETS = 1000;

/**
 * How long a connection may wait for its next request. Longer than proxies keep theirs (nginx 60 s, Go's and with it
 * Traefik and Tailscale 90 s, Caddy 120 s): of two ends that give up, the one that sends nothing must come last, or a
 * request meets a connection that is just being closed and its caller gets a 502. They give way where room is needed.
 */
export const KEEP_ALIVE_MS = 150_000;

/**
 * Listens at all addresses of the plan, on the same port. Rejects with the system's error (`EADDRINUSE`, …), and then
 * listens nowhere.
 */
export async function listenHttp(options: ListenOptions, handlers: ListenHandlers): Promise<HttpListener> {
  for (let attempt = 1; ; attempt += 1) {
    const listeners: Listener[] = [];
    const closeAll = async (): Promise<void> => {
      await Promise.all(listeners.map((listener) => listener.close()));
    };
    try {
      for (const address of options.plan.addresses) {
        const port = listeners[0]?.port ?? options.port;
        const listener = await listenAt(address, port, options, handlers);
        if (listener) listeners.push(listener);
      }
      const port = listeners[0]?.port ?? options.port;
      const scheme = options.tls ? 'https' : 'http';
      return { url: `${scheme}://${options.plan.localHost}:${port}`, port, close: closeAll };
    } catch (error) {
      await closeAll();
      const mayTryAnother = options.port === 0 && attempt < FREE_PORT_ATTEMPTS && listeners.length > 0;
      if (!mayTryAnother) throw error;
    }
  }
}

/** One server on one address. */
interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

async function listenAt(
  { host, optional }: ListenAddress,
  port: number,
  options: ListenOptions,
  handlers: ListenHandlers,
): Promise<Listener | null> {
  try {
    return await listenOn(host, port, options, handlers);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (optional && (code === 'EADDRNOTAVAIL' || code === 'EAFNOSUPPORT')) return null;
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

function createHttpServer({ tls }: ListenOptions, handlers: ListenHandlers): Server {
  const { onUpgrade, onError } = handlers;
  const onRequest = noteIdleness(handlers);
  const serve: RequestListener = (request, response) => {
    // What came along with a request that was refused so is nobody's.
    if (request.socket.writableEnded) return;
    if (hasFalseName(request)) {
      refuseOnSocket(request.socket, explainFault(undefined));
      return;
    }
    settleTarget(request);
    onRequest(request, response);
  };
  const options = {
    IncomingMessage: Request,
    // Whoever dawdles over a request's head holds a connection for 5 s at most (slowloris).
    headersTimeout: 5000,
    requestTimeout: 30_000,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1000,
    // The guard refuses it in the contract's shape; node would answer nothing but the status.
    requireHostHeader: false,
  };
  const server = tls
    ? createTlsServer(
        { ...options, ...tls, handshakeTimeout: 5000, minVersion: 'TLSv1.2', ciphers: CIPHERS },
        serve,
      )
    : createServer(options, serve);
  server.maxConnections = MAX_SOCKETS;
  // An expectation that we do not know may be passed over (RFC 9110 section 10.1.1).
  server.on('checkExpectation', serve);
  server.on('connect', (_request, socket) => refuseOnSocket(socket, new PortholeError('method_not_allowed')));
  server.on('upgrade', (request, socket, head) => {
    handlers.onIdle(request.socket, false);
    socket.on('error', () => socket.destroy());
    if (hasFalseName(request)) {
      refuseOnSocket(socket, explainFault(undefined));
      return;
    }
    settleTarget(request);
    onUpgrade(request, socket, head).catch((error: unknown) => {
      if (!(error instanceof PortholeError)) onError(error);
      refuseOnSocket(socket, error instanceof PortholeError ? error : new PortholeError('internal_error'));
    });
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // Where TLS has failed there is no way to say anything.
    const hasFailedTls = /^ERR_(SSL|TLS)_/.test(error.code ?? '');
    if (socket.writable && !hasFailedTls) refuseOnSocket(socket, explainFault(error.code));
    else socket.destroy();
  });
  return server;
}

/**
 * Whether a header has a name that none can have, as with a blank before the colon: node passes it on as it came, and a
 * proxy may have taken it for the one without, so it is refused and ends the connection (RFC 9112, section 5.1).
 */
function hasFalseName({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.some((name, at) => at % 2 === 0 && !/^[!#$%&'*+\-.^_`|~\w]+$/.test(name));
}

/** What to answer where node's parser or its clock has given up on a request. */
function explainFault(code: string | undefined): PortholeError {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new PortholeError('head_too_large');
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new PortholeError('payload_too_large');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new PortholeError('request_timeout');
    default:
      return new PortholeError('invalid_request', 'The request is not valid HTTP.');
  }
}

/** Serves requests, and tells of each connection whether one is being answered on it; several can be, by pipelining. */
function noteIdleness({ onRequest, onIdle }: ListenHandlers): RequestListener {
  const unanswered = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    unanswered.set(socket, (unanswered.get(socket) ?? 0) + 1);
    onIdle(socket, false);
    response.once('close', () => {
      const left = (unanswered.get(socket) ?? 1) - 1;
      unanswered.set(socket, left);
      if (left === 0) onIdle(socket, true);
    });
    onRequest(request, response);
  };
}

async function listenOn(
  host: string,
  port: number,
  options: ListenOptions,
  handlers: ListenHandlers,
): Promise<Listener> {
  const server = createHttpServer(options, handlers);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on(options.tls ? 'secureConnection' : 'connection', handlers.onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Two servers share the port where all addresses are listened at, one for each family.
    server.listen({ host, port, exclusive: true, ipv6Only: host === '::' }, () => {
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
