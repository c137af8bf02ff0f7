import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { sendRaw } from '../support/raw-http.ts';
import { startTestAgent, type TestAgent } from '../support/test-agent.ts';

interface Probe {
  readonly method?: string;
  readonly target?: string;
  /** Header lines as they stand; `PORT` becomes the agent's port. A Host is added unless one is among them. */
  readonly lines?: readonly string[];
  readonly host?: string | null;
  readonly body?: string;
}

/** What a probe is answered with: the status, and the code of the refusal if it is one. */
async function probe(
  agent: TestAgent,
  { method = 'GET', target = '/api/agent', lines = [], host, body = '' }: Probe,
) {
  const { port } = new URL(agent.url);
  const head = [
    `${method} ${target} HTTP/1.1`,
    ...(host === null ? [] : [`Host: ${host ?? 'localhost:PORT'}`]),
    ...(lines.some((line) => /^connection:/i.test(line)) ? [] : ['Connection: close']),
    ...(body === '' ? [] : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
    ...lines,
  ];
  const answer = await sendRaw(agent.url, `${head.join('\r\n').replaceAll('PORT', port)}\r\n\r\n${body}`);
  const parsed = answer.body.startsWith('{') ? JSON.parse(answer.body) : {};
  return parsed.success === false ? `${answer.status} ${parsed.error}` : `${answer.status}`;
}

const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];
const CROSS_SITE_NAVIGATION = [
  'Sec-Fetch-Site: cross-site',
  'Sec-Fetch-Mode: navigate',
  'Sec-Fetch-Dest: document',
];

const HOST_REFUSED = '403 host_not_allowed';
const HOST_MALFORMED = '400 invalid_request';
const ORIGIN_REFUSED = '403 origin_not_allowed';
const ACCESS_REFUSED = '403 access_denied';

describe('guard, over raw sockets', () => {
  describe('Host', () => {
    it.each<[string, Probe, string]>([
      ['localhost', { host: 'localhost:PORT' }, '200'],
      ['localhost in capitals', { host: 'LOCALHOST:PORT' }, '200'],
      ['127.0.0.1', { host: '127.0.0.1:PORT' }, '200'],
      ['another loopback address', { host: '127.1.2.3:PORT' }, '200'],
      ['[::1]', { host: '[::1]:PORT' }, '200'],
      ['none', { host: null }, HOST_MALFORMED],
      ['an empty one', { host: '' }, HOST_REFUSED],
      ['a stranger’s name (DNS rebinding)', { host: 'evil.example:PORT' }, HOST_REFUSED],
      ['a stranger’s name without port', { host: 'evil.example' }, HOST_REFUSED],
      ['our name without port', { host: 'localhost' }, '200'],
      ['our name at the port of a tunnel', { host: 'localhost:1' }, '200'],
      ['our name with an endless port', { host: 'localhost:PORT0000000000' }, HOST_REFUSED],
      ['our name with an empty port', { host: 'localhost:' }, HOST_REFUSED],
      ['our name with a signed port', { host: 'localhost:+PORT' }, HOST_REFUSED],
      ['a trailing dot', { host: 'localhost.:PORT' }, HOST_REFUSED],
      ['an address with a trailing dot', { host: '127.0.0.1.:PORT' }, HOST_REFUSED],
      ['a name that begins as ours', { host: 'localhost.evil.example:PORT' }, HOST_REFUSED],
      ['a name that ends as ours', { host: 'evil-localhost:PORT' }, HOST_REFUSED],
      ['user info before our name', { host: 'evil.example@localhost:PORT' }, HOST_REFUSED],
      ['our name and a stranger’s', { host: 'localhost:PORT, evil.example' }, HOST_REFUSED],
      ['a path behind our name', { host: 'localhost:PORT/x' }, HOST_REFUSED],
      ['an address in decimal', { host: '2130706433:PORT' }, HOST_REFUSED],
      ['an address in octal', { host: '0177.0.0.1:PORT' }, HOST_REFUSED],
      ['a short address', { host: '127.1:PORT' }, HOST_REFUSED],
      ['the unspecified address', { host: '0.0.0.0:PORT' }, HOST_REFUSED],
      ['a mapped address', { host: '[::ffff:127.0.0.1]:PORT' }, HOST_REFUSED],
      ['::1 without brackets', { host: '::1:PORT' }, HOST_REFUSED],
      ['::1 with a zone', { host: '[::1%25lo]:PORT' }, HOST_REFUSED],
      ['two of them, ours first', { lines: ['Host: evil.example'] }, HOST_MALFORMED],
      ['two of them, ours last', { host: 'evil.example', lines: ['Host: localhost:PORT'] }, HOST_MALFORMED],
      ['ours twice', { lines: ['Host: localhost:PORT'] }, HOST_MALFORMED],
    ])('%s', async (_, sent, answer) => {
      expect(await probe(await startTestAgent(), sent)).toBe(answer);
    });

    it('that we know at another port alone is refused with the entry that is missing', async () => {
      const agent = await startTestAgent({ settings: { allowedHosts: ['share.example:8443'] } });
      expect(await probe(agent, { host: 'share.example:8443' })).not.toBe(HOST_REFUSED);
      expect(await probe(agent, { host: 'share.example' })).not.toBe(HOST_REFUSED);
      const answer = await sendRaw(
        agent.url,
        'GET /api/agent HTTP/1.1\r\nHost: share.example:9443\r\nConnection: close\r\n\r\n',
      );
      expect(JSON.parse(answer.body)).toMatchObject({
        error: 'host_not_allowed',
        message: expect.stringContaining('"share.example:9443"'),
      });
    });

    it('is refused before anything else is looked at, files and unknown addresses included', async () => {
      const agent = await startTestAgent();
      for (const target of ['/', '/healthz', '/nowhere', '/api/openapi.json', '/stream/screen_00000000']) {
        expect(await probe(agent, { target, host: 'evil.example' })).toBe(HOST_REFUSED);
      }
      expect(await probe(agent, { target: '/api/events', host: 'evil.example', lines: UPGRADE })).toBe(
        HOST_REFUSED,
      );
    });
  });

  describe('target', () => {
    it.each([
      ['in absolute form to us', 'http://localhost:PORT/nowhere', '404 not_found'],
      ['in absolute form to us, without a path', 'http://localhost:PORT?a', '404 not_found'],
      ['in absolute form to a stranger', 'http://evil.example/api/agent', HOST_REFUSED],
      ['in absolute form to us as somebody', 'http://a@localhost:PORT/api/agent', '400 invalid_request'],
      ['in absolute form to us with backslashes', 'http:\\\\localhost:PORT/api/agent', '400 invalid_request'],
      ['in the form of another protocol', 'ftp://localhost:PORT/api/agent', '400 invalid_request'],
      ['that looks like an authority', '//evil.example/api/agent', '404 not_found'],
      ['that is two slashes', '//', '404 not_found'],
      ['that looks like a broken authority', '//[', '404 not_found'],
      ['with backslashes', '/\\evil.example\\', '404 not_found'],
    ])('%s', async (_, target, answer) => {
      const agent = await startTestAgent();
      expect(await probe(agent, { target })).toBe(answer);
      expect(await probe(agent, { target, lines: UPGRADE })).toBe(answer);
    });

    it('in absolute form counts, whatever Host says beside it', async () => {
      const agent = await startTestAgent();
      const target = 'http://localhost:PORT/healthz';
      expect(await probe(agent, { target })).toBe('200');
      expect(await probe(agent, { target: 'HTTP://LOCALHOST:PORT/healthz' })).toBe('200');
      expect(await probe(agent, { target, host: 'evil.example' })).toBe('200');
      expect(await probe(agent, { target: 'http://evil.example/healthz' })).toBe(HOST_REFUSED);
      expect(await probe(agent, { target, host: null })).toBe(HOST_MALFORMED);
      expect(await probe(agent, { target, lines: ['Host: localhost:PORT'] })).toBe(HOST_MALFORMED);
      const events = 'http://localhost:PORT/api/events';
      expect(await probe(agent, { target: events, lines: UPGRADE })).toBe('101');
      const page = 'Origin: http://localhost:PORT';
      const start = { method: 'POST', target: 'http://localhost:PORT/api/remote/start', body: '{}' };
      expect(await probe(agent, { ...start, lines: [page] })).toBe('200');
      expect(await probe(agent, { ...start, lines: ['Origin: http://evil.example'] })).toBe(ORIGIN_REFUSED);
      const asForeign = { ...start, host: 'evil.example', lines: ['Origin: http://evil.example'] };
      expect(await probe(agent, asForeign)).toBe(ORIGIN_REFUSED);
    });

    it('of OPTIONS *', async () => {
      const answer = await probe(await startTestAgent(), { method: 'OPTIONS', target: '*' });
      expect(answer).toBe('405 method_not_allowed');
    });
  });

  describe('Origin and Sec-Fetch', () => {
    const start = { method: 'POST', target: '/api/remote/start', body: '{}' };
    it.each<[string, Probe, string]>([
      ['none, as from a program', start, '200'],
      ['our own', { ...start, lines: ['Origin: http://localhost:PORT'] }, '200'],
      [
        'our own, as a browser says it',
        { ...start, lines: ['Origin: http://localhost:PORT', 'Sec-Fetch-Site: same-origin'] },
        '200',
      ],
      ['another name of ours', { ...start, lines: ['Origin: http://127.0.0.1:PORT'] }, ORIGIN_REFUSED],
      ['our name by https', { ...start, lines: ['Origin: https://localhost:PORT'] }, ORIGIN_REFUSED],
      ['our name at another port', { ...start, lines: ['Origin: http://localhost:3000'] }, ORIGIN_REFUSED],
      ['a stranger', { ...start, lines: ['Origin: http://evil.example'] }, ORIGIN_REFUSED],
      [
        'a stranger who begins as we do',
        { ...start, lines: ['Origin: http://localhost:PORT.evil.example'] },
        ORIGIN_REFUSED,
      ],
      ['null', { ...start, lines: ['Origin: null'] }, ORIGIN_REFUSED],
      ['an empty one', { ...start, lines: ['Origin: '] }, ORIGIN_REFUSED],
      [
        'two',
        { ...start, lines: ['Origin: http://localhost:PORT', 'Origin: http://evil.example'] },
        ORIGIN_REFUSED,
      ],
      ['a reading stranger', { lines: ['Origin: http://evil.example'] }, ORIGIN_REFUSED],
      ['a reading null', { lines: ['Origin: null'] }, ORIGIN_REFUSED],
      ['cross-site', { ...start, lines: ['Sec-Fetch-Site: cross-site'] }, ORIGIN_REFUSED],
      ['same-site', { ...start, lines: ['Sec-Fetch-Site: same-site'] }, ORIGIN_REFUSED],
      ['typed into the address bar', { lines: ['Sec-Fetch-Site: none', 'Sec-Fetch-Mode: navigate'] }, '200'],
      [
        'a cross-site fetch',
        { lines: ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'] },
        ORIGIN_REFUSED,
      ],
      [
        'a cross-site image',
        { lines: ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors', 'Sec-Fetch-Dest: image'] },
        ORIGIN_REFUSED,
      ],
      [
        'a cross-site frame',
        { lines: ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: iframe'] },
        ORIGIN_REFUSED,
      ],
      [
        'a cross-site link to a page',
        { target: '/view/screen_00000000', lines: CROSS_SITE_NAVIGATION },
        '404 not_found',
      ],
      ['a cross-site link to the API', { lines: CROSS_SITE_NAVIGATION }, ORIGIN_REFUSED],
      ['a cross-site form', { ...start, lines: CROSS_SITE_NAVIGATION }, ORIGIN_REFUSED],
      ['an unknown site', { ...start, lines: ['Sec-Fetch-Site: surprise'] }, ORIGIN_REFUSED],
    ])('%s', async (_, sent, answer) => {
      const agent = await startTestAgent();
      expect(await probe(agent, sent)).toBe(answer);
      expect(agent.sessions.listLive()).toHaveLength(
        sent === start || (sent.method && answer === '200') ? 1 : 0,
      );
    });
  });

  describe('through a tunnel that listens at another port', () => {
    const TUNNEL = { host: 'localhost:9000' };
    const start = { ...TUNNEL, method: 'POST', target: '/api/remote/start', body: '{}' };
    it.each<[string, Probe, string]>([
      ['the page', { ...TUNNEL, lines: ['Sec-Fetch-Site: none', 'Sec-Fetch-Mode: navigate'] }, '200'],
      [
        'what its page asks for',
        { ...start, lines: ['Origin: http://localhost:9000', 'Sec-Fetch-Site: same-origin'] },
        '200',
      ],
      [
        'its WebSocket',
        { ...TUNNEL, target: '/api/events', lines: [...UPGRADE, 'Origin: http://localhost:9000'] },
        '101',
      ],
      ['a page at our own port', { ...start, lines: ['Origin: http://localhost:PORT'] }, ORIGIN_REFUSED],
      [
        'a page at our own port, through our own',
        { ...start, host: 'localhost:PORT', lines: ['Origin: http://localhost:9000'] },
        ORIGIN_REFUSED,
      ],
      [
        'another page of that machine that says to be ours',
        { ...start, lines: ['Origin: http://localhost:3000', 'Sec-Fetch-Site: same-origin'] },
        ORIGIN_REFUSED,
      ],
      [
        'the WebSocket of another page',
        { ...TUNNEL, target: '/api/events', lines: [...UPGRADE, 'Origin: http://localhost:3000'] },
        ORIGIN_REFUSED,
      ],
      ['a rebound name', { host: 'evil.example:9000' }, HOST_REFUSED],
    ])('%s', async (_, sent, answer) => {
      expect(await probe(await startTestAgent(), sent)).toBe(answer);
    });
  });

  describe('behind a proxy at another port', () => {
    const page = 'Origin: https://share.example:8443';
    const start = { method: 'POST', target: '/api/remote/start', body: '{}', host: 'share.example' };
    const ask = async (allowedHosts: string[], sent: Probe): Promise<string> =>
      probe(await startTestAgent({ settings: { allowedHosts, localTrust: 'admin' } }), sent);

    it('takes what its page asks for, where the browser says that they are of one origin', async () => {
      const lines = [page, 'Sec-Fetch-Site: same-origin'];
      expect(await ask(['share.example'], { ...start, lines })).toBe('200');
      expect(await ask(['share.example'], { ...start, host: 'share.example:8443', lines })).toBe('200');
      expect(await ask(['share.example'], { ...start, lines: [page, 'Sec-Fetch-Site: same-site'] })).toBe(
        ORIGIN_REFUSED,
      );
      const other = ['Origin: https://evil.example', 'Sec-Fetch-Site: same-origin'];
      expect(await ask(['share.example'], { ...start, lines: other })).toBe(ORIGIN_REFUSED);
    });

    it('takes them without a word of the browser where the entry names the port', async () => {
      expect(await ask(['share.example:8443'], { ...start, lines: [page] })).toBe('200');
      expect(await ask(['share.example:8443'], { ...start, lines: ['Origin: https://share.example'] })).toBe(
        ORIGIN_REFUSED,
      );
      const socket = { host: 'share.example', target: '/api/events', lines: [...UPGRADE, page] };
      expect(await ask(['share.example:8443'], socket)).toBe('101');
      expect(await ask(['share.example'], socket)).toBe(ORIGIN_REFUSED);
    });

    it('says in the refusal which port has to be named', async () => {
      const agent = await startTestAgent({ settings: { allowedHosts: ['share.example'] } });
      for (const request of ['POST /api/remote/start', 'GET /api/agent']) {
        const answer = await sendRaw(
          agent.url,
          `${request} HTTP/1.1\r\nHost: share.example\r\n${page}\r\nConnection: close\r\n\r\n`,
        );
        expect(JSON.parse(answer.body)).toMatchObject({
          error: 'origin_not_allowed',
          message: expect.stringContaining('"share.example:8443"'),
        });
      }
    });
  });

  describe('proxies', () => {
    it.each([
      'Forwarded: for=192.0.2.1',
      'Via: 1.1 proxy',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Host: localhost',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Port: 443',
      'X-Forwarded-Prefix: /x',
      'x-forwarded-anything: 1',
      'X-Real-IP: 127.0.0.1',
    ])('are no person at the machine: %s', async (line) => {
      const agent = await startTestAgent();
      expect(await probe(agent, { lines: [line] })).toBe(ACCESS_REFUSED);
      expect(await probe(agent, { target: '/api/events', lines: [...UPGRADE, line] })).toBe(ACCESS_REFUSED);
    });
  });

  describe('WebSocket upgrade', () => {
    it.each<[string, Probe, string]>([
      ['without an origin, as from a program', { lines: UPGRADE }, '101'],
      ['from our own page', { lines: [...UPGRADE, 'Origin: http://localhost:PORT'] }, '101'],
      ['from a stranger’s page', { lines: [...UPGRADE, 'Origin: http://evil.example'] }, ORIGIN_REFUSED],
      ['from another port of ours', { lines: [...UPGRADE, 'Origin: http://localhost:3000'] }, ORIGIN_REFUSED],
      ['from a sandboxed frame', { lines: [...UPGRADE, 'Origin: null'] }, ORIGIN_REFUSED],
      [
        'that a browser marks cross-site',
        { lines: [...UPGRADE, 'Sec-Fetch-Site: cross-site'] },
        ORIGIN_REFUSED,
      ],
      ['dressed up as a cross-site link', { lines: [...UPGRADE, ...CROSS_SITE_NAVIGATION] }, ORIGIN_REFUSED],
    ])('%s', async (_, sent, answer) => {
      expect(await probe(await startTestAgent(), { target: '/api/events', ...sent })).toBe(answer);
    });
  });

  it('serves no other interface than loopback, even where it listens on all', async () => {
    const agent = await startTestAgent({ settings: { host: '0.0.0.0' } });
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    const { port } = new URL(agent.url);
    const text = `GET /api/agent HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`;
    expect((await sendRaw(`http://127.0.0.1:${port}`, text)).status).toBe(200);
    if (outside === undefined) return;
    const answer = await sendRaw(`http://${outside}:${port}`, text);
    expect(JSON.parse(answer.body)).toMatchObject({ error: 'access_denied' });
  });
});
