import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Lane } from '../../../src-main/access/connections.ts';
import { listenHttp } from '../../../src-main/http/http-listener.ts';
import { planListening } from '../../../src-main/http/listen-plan.ts';
import { sendRaw } from '../support/raw-http.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

const hostOf = (agent: TestAgent): string => new URL(agent.url).host;

async function ask(agent: TestAgent, ...lines: string[]) {
  const answer = await sendRaw(agent.url, lines.join('\r\n').replaceAll('HOST', hostOf(agent)));
  expect(answer.head).toMatch(/^content-type: application\/json; charset=utf-8$/im);
  return { status: answer.status, body: JSON.parse(answer.body) };
}

/** Connects and stays; resolves when the connection is up. */
async function holdConnection(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    socket.on('data', () => undefined);
    socket.once('end', () => resolve());
    socket.once('close', () => resolve());
  });

describe('what is no proper request', () => {
  it.each([
    ['garbage', ['\u0000\u0001\u0002', '', '']],
    ['an unknown method', ['BREW /api/agent HTTP/1.1', 'Host: HOST', '', '']],
    ['a broken header', ['GET /api/agent HTTP/1.1', 'Host: HOST', 'no colon', '', '']],
    ['a folded header', ['GET /api/agent HTTP/1.1', 'Host: HOST', 'X-A: b', ' c', '', '']],
    ['a raw control in the target', ['GET /api/\u0001 HTTP/1.1', 'Host: HOST', '', '']],
    [
      'two lengths',
      ['POST /api/remote/start HTTP/1.1', 'Host: HOST', 'Content-Length: 2', 'Content-Length: 3', '', '{}'],
    ],
    [
      'a length and chunks',
      [
        'POST /api/remote/start HTTP/1.1',
        'Host: HOST',
        'Content-Length: 2',
        'Transfer-Encoding: chunked',
        '',
        '{}',
      ],
    ],
    ['a negative length', ['POST /api/remote/start HTTP/1.1', 'Host: HOST', 'Content-Length: -1', '', '']],
    [
      'a broken chunk',
      ['POST /api/remote/start HTTP/1.1', 'Host: HOST', 'Transfer-Encoding: chunked', '', 'zz', ''],
    ],
  ])('is refused in the contract’s shape: %s', async (_, lines) => {
    const agent = await startTestAgent();
    expect(await ask(agent, ...lines)).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(agent.sessions.listLive()).toEqual([]);
    expect(await call(agent, 'GET', '/api/agent')).toMatchObject({ status: 200 });
  });

  it.each([
    ['one header', ['GET /api/agent HTTP/1.1', 'Host: HOST', `X-A: ${'a'.repeat(20_000)}`, '', '']],
    [
      'many headers',
      [
        'GET /api/agent HTTP/1.1',
        'Host: HOST',
        ...Array.from({ length: 1500 }, (_, index) => `X-${index}: some value`),
        '',
        '',
      ],
    ],
    ['the target', [`GET /${'a'.repeat(20_000)} HTTP/1.1`, 'Host: HOST', '', '']],
  ])('is told that the head is too large: by %s', async (_, lines) => {
    const agent = await startTestAgent();
    expect(await ask(agent, ...lines)).toMatchObject({ status: 431, body: { error: 'head_too_large' } });
    expect(await call(agent, 'GET', '/api/agent')).toMatchObject({ status: 200 });
  });

  it('is told that the notes to its chunks are too large', async () => {
    const agent = await startTestAgent();
    const chunk = `1;${'a'.repeat(20_000)}`;
    const head = ['POST /api/remote/start HTTP/1.1', 'Host: HOST', 'Content-Type: application/json'];
    const answer = await ask(agent, ...head, 'Transfer-Encoding: chunked', '', chunk, '{', '');
    expect(answer).toMatchObject({ status: 413, body: { error: 'payload_too_large' } });
  });

  it('is told that its head did not come in time', async () => {
    const agent = await startTestAgent();
    const answer = await ask(agent, 'GET /api/agent HTTP/1.1', 'Host: HOST', 'X-A: ');
    expect(answer).toMatchObject({ status: 408, body: { error: 'request_timeout' } });
  });

  it('is told to a tunnel too', async () => {
    const answer = await ask(
      await startTestAgent(),
      'CONNECT evil.example:443 HTTP/1.1',
      'Host: HOST',
      '',
      '',
    );
    expect(answer).toMatchObject({ status: 405, body: { error: 'method_not_allowed' } });
  });

  it('is not what only says that it expects something', async () => {
    const body = '{"user_id":"grace"}';
    for (const expectation of ['100-continue', 'surprise']) {
      const agent = await startTestAgent();
      const { port } = new URL(agent.url);
      const answer = await sendRaw(
        agent.url,
        `POST /api/remote/start HTTP/1.1\r\nHost: localhost:${port}\r\nExpect: ${expectation}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      expect(answer.head).toMatch(/^HTTP\/1\.1 (100 Continue|200 OK)/);
      expect(agent.sessions.listLive()).toMatchObject([{ user_id: 'grace' }]);
    }
  });
});

describe('a body that never comes whole', () => {
  it('starts nothing', async () => {
    const agent = await startTestAgent();
    const socket = await holdConnection(agent.url);
    socket.write(
      `POST /api/remote/start HTTP/1.1\r\nHost: ${hostOf(agent)}\r\nContent-Type: application/json\r\n` +
        'Content-Length: 100\r\n\r\n{"user_id":"g',
    );
    socket.destroy();
    expect(await call(agent, 'GET', '/api/sessions/active')).toMatchObject({ body: { total: 0 } });
    expect(agent.log.errors).toEqual([]);
  });

  it('starts nothing either when it breaks off before anybody has begun to read it', async () => {
    const agent = await startTestAgent();
    const head = `POST /api/remote/start HTTP/1.1\r\nHost: ${hostOf(agent)}\r\n`;
    const many = Array.from({ length: 100 }, async (_, index) => {
      if (index % 2 === 0) return sendRaw(agent.url, `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`);
      const socket = await holdConnection(agent.url);
      socket.write(`${head}Content-Length: 100\r\n\r\n`, () => socket.destroy());
      return null;
    });
    await Promise.all(many);
    expect(await call(agent, 'GET', '/api/sessions/active')).toMatchObject({ body: { total: 0 } });
    const { body } = await call(agent, 'GET', '/api/sessions/history');
    expect(body).toMatchObject({ total: 0 });
  });
});

describe('a connection that waits for its next request', () => {
  /** Asks on a connection that stays, and answers with the head of what comes back. */
  async function askOn(socket: Socket, agent: TestAgent, target = '/healthz'): Promise<string> {
    const answered = new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(data.toString('latin1')));
      socket.once('close', () => resolve('closed'));
    });
    socket.write(`GET ${target} HTTP/1.1\r\nHost: ${hostOf(agent)}\r\n\r\n`);
    return answered;
  }

  it('is kept for longer than any proxy of docs/proxies.md keeps it', async () => {
    const agent = await startTestAgent();
    const head = await askOn(await holdConnection(agent.url), agent);
    // Caddy's two minutes are the longest.
    expect(Number(/^keep-alive: timeout=(\d+)/im.exec(head)?.[1])).toBeGreaterThan(120);
  });

  it('gives way, the longest idle first, and one that is at work never does', async () => {
    const agent = await startTestAgent({
      connectionLimits: { perSource: 3, fromNetwork: 10, total: 20, reserved: 0 },
    });
    // What is there for this machine, and for the agent's own user where the system tells.
    const room = process.platform === 'linux' ? 6 : 3;
    const { session_id } = agent.sessions.startScreen(
      { user_id: 'me', quality: 'low', metadata: {} },
      'test',
      'api',
      {
        owner: null,
        mustAsk: false,
      },
    );
    const watching = await holdConnection(agent.url);
    expect(await askOn(watching, agent, `/stream/${session_id}`)).toMatch(/^HTTP\/1.1 200 /);
    const idle: Socket[] = [];
    for (let each = 1; each < room; each += 1) {
      const socket = await holdConnection(agent.url);
      expect(await askOn(socket, agent)).toMatch(/^HTTP\/1.1 200 /);
      idle.push(socket);
    }
    const [longest, ...others] = idle;
    const [second] = others;
    if (!longest || !second) throw new Error('there is no room');
    const ended = closed(longest);
    const late = await holdConnection(agent.url);
    expect(await askOn(late, agent)).toMatch(/^HTTP\/1.1 200 /);
    await ended;
    expect(await askOn(second, agent)).toMatch(/^HTTP\/1.1 200 /);
    expect([watching.closed, late.closed, ...others.map((socket) => socket.closed)]).not.toContain(true);
  });
});

describe('upgrades', () => {
  const websocket = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ];

  it('to HTTP/2 over clear text are passed over, and the request is served, with its body', async () => {
    const agent = await startTestAgent();
    const offer = [
      'Connection: Upgrade, HTTP2-Settings, close',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQ',
    ];
    const read = await ask(agent, 'GET /api/agent HTTP/1.1', 'Host: HOST', ...offer, '', '');
    expect(read).toMatchObject({ status: 200, body: { name: 'porthole' } });
    const body = '{"user_id":"grace"}';
    const started = await ask(
      agent,
      'POST /api/remote/start HTTP/1.1',
      'Host: HOST',
      ...offer,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body,
    );
    expect(started.status).toBe(200);
    expect(agent.sessions.listLive()).toMatchObject([{ user_id: 'grace' }]);
  });

  it.each([
    ['of another address', '/api/agent', websocket, 404, 'not_found'],
    ['of a prefix of the address', '/api/events/', websocket, 404, 'not_found'],
    ['without a key', '/api/events', websocket.slice(0, 3), 400, 'invalid_request'],
    [
      'of an unknown version',
      '/api/events',
      [...websocket.slice(0, 2), 'Sec-WebSocket-Version: 99', websocket[3] ?? ''],
      400,
      'invalid_request',
    ],
    ['with a bad since', '/api/events?since=1e3', websocket, 400, 'invalid_request'],
  ])('%s are refused in the contract’s shape', async (_, target, lines, status, error) => {
    const answer = await ask(
      await startTestAgent(),
      `GET ${target} HTTP/1.1`,
      'Host: HOST',
      ...lines,
      '',
      '',
    );
    expect(answer).toMatchObject({ status, body: { success: false, error } });
  });

  it('by another method than GET are refused in the contract’s shape', async () => {
    const answer = await ask(
      await startTestAgent(),
      'POST /api/events HTTP/1.1',
      'Host: HOST',
      ...websocket,
      '',
      '',
    );
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
  });

  it('that are refused leave no socket behind, even if the client never closes its side', async () => {
    const agent = await startTestAgent();
    const socket = await holdConnection(agent.url);
    const end = closed(socket);
    socket.write(`GET /nowhere HTTP/1.1\r\nHost: ${hostOf(agent)}\r\n${websocket.join('\r\n')}\r\n\r\n`);
    await end;
    // The agent has let go of its side whole: sooner or later the system refuses what we write into it.
    await expect
      .poll(() => {
        socket.write('x');
        return socket.destroyed;
      })
      .toBe(true);
  });
});

/** Opens connections, counts those that are up, and says when all are. */
const CROWD = `
const { workerData: { port, wanted, connected } } = require('node:worker_threads');
for (let each = 0; each < wanted; each += 1) {
  require('node:net').connect(port, '127.0.0.1').on('error', () => undefined).once('connect', () => {
    if (Atomics.add(connected, 1, 1) + 1 < wanted) return;
    Atomics.store(connected, 0, 1);
    Atomics.notify(connected, 0);
  });
}`;

describe('listenHttp', () => {
  const plan = planListening('127.0.0.1', false);
  const handlers = {
    onRequest: () => undefined,
    onUpgrade: async () => undefined,
    onConnection: async () => true,
    onSecured: () => undefined,
    laneOf: async () => ({ name: '', isPersons: false }),
    onIdle: () => undefined,
    onError: () => undefined,
  };

  it('takes both halves of localhost', async () => {
    const agent = await startTestAgent();
    const { port } = new URL(agent.url);
    for (const address of ['127.0.0.1', '::1']) {
      const answer = await sendRaw(
        agent.url,
        `GET /healthz HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`,
        address,
      );
      expect(answer.status).toBe(200);
    }
  });

  it('rejects when either half is taken, and then listens on neither', async () => {
    for (const [taken, other] of [
      ['127.0.0.1', '::1'],
      ['::1', '127.0.0.1'],
    ]) {
      const blocker = createServer();
      await new Promise<void>((resolve) => blocker.listen(0, taken, resolve));
      onTestFinished(() => {
        blocker.close();
      });
      const { port } = blocker.address() as AddressInfo;
      await expect(listenHttp({ plan, port, tls: null }, handlers)).rejects.toMatchObject({
        code: 'EADDRINUSE',
      });
      const second = createServer();
      await new Promise<void>((resolve, reject) => {
        second.once('error', reject);
        second.listen(port, other, resolve);
      });
      second.close();
    }
  });

  it('keeps those for whom there is no room waiting, and answers few of them', async () => {
    const answered: IncomingMessage[] = [];
    const listener = await listenHttp(
      { plan, port: 0, tls: null },
      {
        ...handlers,
        onConnection: async () => false,
        onRequest: (request, response) => {
          answered.push(request);
          response.end();
        },
      },
    );
    onTestFinished(() => listener.close());
    const told = await Promise.all(Array.from({ length: 32 }, () => holdConnection(listener.url)));
    const held = await Promise.all(Array.from({ length: 8 }, () => holdConnection(listener.url)));
    const gone: Socket[] = [];
    const ends = [...told, ...held].map((socket) => closed(socket).then(() => gone.push(socket)));
    for (const socket of held) socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.all(ends);
    // Nobody was sent away to come again before those were who came first.
    expect(told).toContain(gone[0]);
    expect(answered).toEqual([]);
  });

  it('answers what is no request in turns too', async () => {
    const asked: ((lane: Lane) => void)[] = [];
    const listener = await listenHttp(
      { plan, port: 0, tls: null },
      {
        ...handlers,
        laneOf: () =>
          new Promise((resolve) => {
            asked.push(resolve);
          }),
      },
    );
    onTestFinished(() => listener.close());
    const socket = await holdConnection(listener.url);
    const heard: string[] = [];
    socket.on('data', (data) => heard.push(String(data)));
    socket.write('no request\r\n\r\n');
    await expect.poll(() => asked.length).toBe(1);
    expect(heard).toEqual([]);
    asked[0]?.({ name: '', isPersons: false });
    await closed(socket);
    expect(heard.join('')).toMatch(/^HTTP\/1.1 400 /);
  });

  it.runIf(process.platform === 'linux')('lets more wait to be taken in than come in one flood', async () => {
    const most = Number(readFileSync('/proc/sys/net/core/somaxconn', 'latin1'));
    const listener = await listenHttp({ plan, port: 0, tls: null }, handlers);
    onTestFinished(() => listener.close());
    const wanted = Math.min(1000, most);
    const connected = new Int32Array(new SharedArrayBuffer(8));
    const crowd = new Worker(CROWD, {
      eval: true,
      workerData: { port: listener.port, wanted, connected },
    });
    onTestFinished(async () => {
      await crowd.terminate();
    });
    await once(crowd, 'online');
    // Nobody is taken in meanwhile.
    Atomics.wait(connected, 0, 0, 20_000);
    expect(connected[1]).toBe(wanted);
  });

  it('closes every kind of connection at once, and frees the port', async () => {
    const agent = await startTestAgent();
    const idle = await holdConnection(agent.url);
    const halfway = await holdConnection(agent.url);
    halfway.write('GET /api/agent HTTP/1.1\r\nHost: ');
    const keptAlive = await holdConnection(agent.url);
    keptAlive.write(`GET /healthz HTTP/1.1\r\nHost: ${hostOf(agent)}\r\n\r\n`);
    const silent = await holdConnection(agent.url);
    silent.write(
      `GET /api/events HTTP/1.1\r\nHost: ${hostOf(agent)}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    const { body } = await call(agent, 'POST', '/api/screen_share/start', {});
    const watching = await fetch(`${agent.url}/stream/${body.session_id}`);
    const ends = [idle, halfway, keptAlive, silent].map(closed);
    await agent.close('Agent stopped');
    await Promise.all(ends);
    // Ended or cut off, but over.
    await watching.arrayBuffer().catch(() => undefined);
    const again = await listenHttp({ plan, port: Number(new URL(agent.url).port), tls: null }, handlers);
    await again.close();
  });
});
