import { readFileSync } from 'node:fs';
import { createServer, IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { PortholeError } from '#shared/errors';
import type { Lane } from '../access/connections.ts';
import type { ListenAddress, ListenPlan } from './listen-plan.ts';
import { settleTarget } from './request-target.ts';
import { refuseOnSocket } from './socket-refusal.ts';
import { Turnstile } from './turnstile.ts';

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
  /** Hears of each connection as soon as it is there; false if there is no room for it. */
  readonly onConnection: (socket: Socket) => Promise<boolean>;
  /** Hears what a connection has become when TLS is settled: requests come over `secured` then. */
  readonly onSecured: (socket: Socket, secured: Socket) => void;
  /** On whose account a connection is open: those of one share a lane of the {@link Turnstile}. */
  readonly laneOf: (socket: Socket) => Promise<Lane>;
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

/**
 * Beyond all that are let in: so many that more than a whole flood of a moment can be looked at, for what is closed here is
 * closed whoever it is. No more than leave the rest of the agent a few hundred of the files that it may open.
 */
const MAX_SOCKETS = Math.min(4000, Math.max(1000, readFileLimit() - 500));

/**
 * A connection too many has so long to ask for something, so that it can be told; of those at once, so many. The others
 * are not read, but stay open for longer: whoever waits for the end of one to begin the next comes once a second, not a
 * thousand times. Where there are many already, they are closed at once.
 */
const FAREWELL_MS = 500;
const MAX_FAREWELLS = 32;
const HOLD_MS = 1000;
const MAX_SOCKETS_WITH_HELD = MAX_SOCKETS / 2;

/**
 * So many may have knocked before they are taken in, if the system allows it. Who finds that full tries again after 1, 3, 7,
 * 15 s, and node's usual 511 are full when a few floods begin.
 */
const BACKLOG = 4096;

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
export async function listenHttp(options: ListenOptions, given: ListenHandlers): Promise<HttpListener> {
  const handlers = takeTurns(given, new Turnstile());
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
  handlers: TurnHandlers,
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

function createHttpServer({ tls }: ListenOptions, handlers: TurnHandlers): Server {
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
    if (socket.writable && !hasFailedTls) handlers.refuse(socket as Socket, explainFault(error.code));
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

/** Listeners' handlers, and what they share. */
interface TurnHandlers extends ListenHandlers {
  /** Answers on the socket of a request that is none, when that has its turn. */
  readonly refuse: (socket: Socket, refusal: PortholeError) => void;
  /** Connections that are nobody's any more: what they ask for is not begun. */
  readonly held: WeakSet<Duplex>;
}

/** Has requests of all connections begin in turns, and forgets those that have gone before theirs. */
function takeTurns(handlers: ListenHandlers, turnstile: Turnstile): TurnHandlers {
  const { laneOf, onRequest, onUpgrade } = handlers;
  const held = new WeakSet<Duplex>();
  const pass = async (socket: Socket, begin: () => void): Promise<void> => {
    const lane = await laneOf(socket);
    if (!held.has(socket)) turnstile.pass(lane, begin);
  };
  return {
    ...handlers,
    held,
    onRequest: (request, response) =>
      void pass(request.socket, () => {
        if (!response.destroyed) onRequest(request, response);
      }),
    onUpgrade: (request, socket, head) =>
      new Promise((resolve, reject) => {
        void pass(request.socket, () => {
          if (socket.destroyed) resolve();
          else onUpgrade(request, socket, head).then(resolve, reject);
        });
      }),
    refuse: (socket, refusal) => {
      // There may be no end to what it sends.
      socket.pause();
      void pass(socket, () => {
        if (socket.writable) refuseOnSocket(socket, refusal);
      });
    },
  };
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

function namePeer({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/**
 * Closes a connection for which there is no room after a moment, in which it can be told so if few others wait for that;
 * at once if there are very many.
 */
function closeSoon(socket: Socket, farewells: Set<Socket>, held: WeakSet<Duplex>, openSockets: number): void {
  const isTold = farewells.size < MAX_FAREWELLS;
  if (isTold) {
    farewells.add(socket);
  } else if (openSockets < MAX_SOCKETS_WITH_HELD) {
    held.add(socket);
    socket.pause();
  } else {
    socket.destroy();
    return;
  }
  const timer = setTimeout(() => socket.destroy(), isTold ? FAREWELL_MS : HOLD_MS);
  socket.once('close', () => {
    clearTimeout(timer);
    farewells.delete(socket);
  });
}

/** How many files this process may have open; infinite where the system does not say. */
function readFileLimit(): number {
  try {
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    // Not Linux.
    return Number.POSITIVE_INFINITY;
  }
}

async function listenOn(
  host: string,
  port: number,
  options: ListenOptions,
  handlers: TurnHandlers,
): Promise<Listener> {
  const server = createHttpServer(options, handlers);
  const sockets = new Set<Socket>();
  const farewells = new Set<Socket>();
  const byPeer = new Map<string, Socket>();
  server.on('connection', (socket) => {
    const peer = namePeer(socket);
    sockets.add(socket);
    byPeer.set(peer, socket);
    socket.once('close', () => {
      sockets.delete(socket);
      if (byPeer.get(peer) === socket) byPeer.delete(peer);
    });
    void handlers.onConnection(socket).then((hasRoom) => {
      if (!hasRoom) closeSoon(socket, farewells, handlers.held, sockets.size);
    });
  });
  server.on('secureConnection', (secured: Socket) => {
    const socket = byPeer.get(namePeer(secured));
    if (socket) handlers.onSecured(socket, secured);
    else secured.destroy();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // Two servers share the port where all addresses are listened at, one for each family.
    server.listen({ host, port, exclusive: true, ipv6Only: host === '::', backlog: BACKLOG }, () => {
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
