import { once } from 'node:events';
import { createServer, type RequestListener, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import { onTestFinished } from 'vitest';

/** A certificate and its key, as PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** A new authority that nobody knows. */
export async function makeAuthority(name: string): Promise<Identity> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert, key };
}

/** A certificate by `authority` for `hook.example` and this machine's address. */
export async function makeServerIdentity(authority: Identity): Promise<Identity> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'hook.example' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'hook.example' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert, key };
}

/** Serves on a free port of this machine, over TLS with `identity`, until the test is over; answers the port. */
export async function serve(onRequest: RequestListener, identity?: Identity): Promise<number> {
  const server = identity ? createTlsServer(identity, onRequest) : createServer(onRequest);
  return listen(server);
}

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy in front of the whole world, which leads to servers of the test. */
export interface TestProxy {
  readonly address: string;
  /** What it was asked for, such as `CONNECT hook.example:443` and `POST http://hook.example/`. */
  readonly asked: string[];
  /** The credentials that it was shown. */
  readonly shown: (string | undefined)[];
  /** Connections that are open now. */
  readonly open: () => number;
}

/** Starts a proxy that leads every name to `port` here; with `status` it answers that instead, with 0 nothing at all. */
export async function startProxy(port: number, status?: number): Promise<TestProxy> {
  const asked: string[] = [];
  const shown: (string | undefined)[] = [];
  let open = 0;
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    shown.push(incoming.headers['proxy-authorization']);
    if (status === 0) return;
    if (status !== undefined) {
      response.writeHead(status).end();
      return;
    }
    const { pathname, search } = new URL(incoming.url ?? '');
    const { method, headers } = incoming;
    const onward = request({ host: '127.0.0.1', port, path: pathname + search, method, headers });
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    incoming.pipe(onward);
  });
  server.on('connection', (socket: Socket) => {
    open += 1;
    socket.once('close', () => {
      open -= 1;
    });
  });
  server.on('connect', (incoming, socket) => {
    asked.push(`CONNECT ${incoming.url}`);
    shown.push(incoming.headers['proxy-authorization']);
    socket.on('error', () => undefined);
    if (status === 0) {
      // Node hands it out paused, and would not see its end.
      socket.resume().once('end', () => socket.end());
      return;
    }
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  return { address: `127.0.0.1:${await listen(server)}`, asked, shown, open: () => open };
}
