import { describe, expect, it } from 'vitest';
import { API, type Endpoint } from '../../../src-shared/api.ts';
import { makeViewKey, startShare } from '../access/support/callers.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { callOnWire } from '../support/wire-call.ts';

const EVIL = 'https://evil.example';

/** What browsers say of requests that a page of another site makes, in each way that it can. */
const CROSS_SITE = {
  'an old browser’s fetch': { origin: EVIL },
  'a fetch': {
    origin: EVIL,
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'cors',
    'sec-fetch-dest': 'empty',
  },
  'a fetch without CORS': {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'no-cors',
    'sec-fetch-dest': 'empty',
  },
  'a picture': { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' },
  'a script': { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
  'a frame': { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  'another port of localhost': {
    'sec-fetch-site': 'same-site',
    'sec-fetch-mode': 'no-cors',
    'sec-fetch-dest': 'image',
  },
  'a sandboxed frame': { origin: 'null', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' },
  'an extension': { origin: 'chrome-extension://abcdefghijklmnop' },
} as const;

const FORM = {
  origin: EVIL,
  'sec-fetch-site': 'cross-site',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
  'sec-fetch-user': '?1',
};

async function panelCookie(agent: TestAgent): Promise<string> {
  const answer = await fetch(`${agent.url}/?ticket=${agent.issueTicket('panel')}`, { redirect: 'manual' });
  return (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}

/** Everything that a request could have changed. */
function stateOf(agent: TestAgent): unknown {
  return {
    live: agent.sessions.listLive().map(({ session_id, status }) => [session_id, status]),
    history: agent.sessions.listHistory({ limit: 100, offset: 0 }).total,
    approvals: agent.approvals.list().map(({ approval_id }) => approval_id),
    locked: agent.sessions.locked,
  };
}

const endpoints = Object.entries<Endpoint>(API);

describe('a hostile page in the browser of the person at the machine', () => {
  it.each(Object.entries(CROSS_SITE))('changes nothing and learns nothing with %s', async (_, headers) => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const { body: pending } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    const cookie = await panelCookie(agent);
    const before = stateOf(agent);
    const fill = (path: string): string =>
      path
        .replace('{session_id}', path.includes('screen') ? share : String(pending.session_id))
        .replace('{approval_id}', String(pending.approval_id))
        .replaceAll(/\{\w+\}/g, 'x');
    const targets: [string, string][] = [
      ...endpoints.map(([, { method, path }]): [string, string] => [method.toUpperCase(), fill(path)]),
      ['GET', '/'],
      ['GET', '/healthz'],
      ['GET', '/api/openapi.json'],
      ['GET', '/metrics'],
      ['GET', `/stream/${share}`],
      ['GET', `/stream/${share}/snapshot`],
      ['GET', `/view/${share}`],
    ];
    for (const [method, target] of targets) {
      // The cookie of the panel's own window, should a browser ever send it along.
      const answer = await callOnWire(agent.url, method, target, { headers: { ...headers, cookie } });
      expect(answer.body, `${method} ${target}`).toMatchObject({ error: 'origin_not_allowed' });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      expect(answer.headers['cross-origin-resource-policy']).toBe('same-origin');
    }
    expect(stateOf(agent)).toEqual(before);
  });

  it.each([
    ['text/plain', '{"safety_mode":"supervised"}'],
    ['application/x-www-form-urlencoded', 'safety_mode=supervised'],
    ['multipart/form-data; boundary=x', '--x\r\n\r\n--x--'],
    ['application/json', '{"safety_mode":"supervised"}'],
  ])('posts no form of %s', async (type, body) => {
    const agent = await startTestAgent();
    const headers = { ...FORM, 'content-type': type };
    const answer = await callOnWire(agent.url, 'POST', '/api/remote/start', { headers, body });
    expect(answer.body).toMatchObject({ error: 'origin_not_allowed' });
    expect(agent.sessions.listLive()).toEqual([]);
  });

  it('posts nothing that is no JSON even without a sign of the browser', async () => {
    const agent = await startTestAgent();
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const headers = { 'content-type': type };
      const answer = await callOnWire(agent.url, 'POST', '/api/remote/start', { headers, body: '{}' });
      expect(answer.body).toMatchObject({ error: 'unsupported_media_type' });
    }
  });

  it('is told by no preflight that it may go on', async () => {
    const agent = await startTestAgent();
    for (const target of ['/api/remote/start', '/api/agent', '/stream/screen_00000000', '/', '/nowhere']) {
      const answer = await callOnWire(agent.url, 'OPTIONS', target, {
        headers: {
          origin: EVIL,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type',
          'access-control-request-private-network': 'true',
        },
      });
      expect(answer.body).toMatchObject({ error: 'origin_not_allowed' });
      for (const name of Object.keys(answer.headers)) expect(name).not.toMatch(/^access-control-/);
    }
  });

  it('acts through no address that is only read', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const { body: pending } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    const before = stateOf(agent);
    const readable = new Set(endpoints.flatMap(([, { method, path }]) => (method === 'get' ? [path] : [])));
    for (const path of new Set(endpoints.map(([, endpoint]) => endpoint.path))) {
      const target = path
        .replace('{session_id}', path.includes('screen') ? share : String(pending.session_id))
        .replace('{approval_id}', String(pending.approval_id))
        .replaceAll(/\{\w+\}/g, 'x');
      for (const reading of ['GET', 'HEAD']) {
        const { status } = await callOnWire(agent.url, reading, target);
        if (!readable.has(path)) expect([404, 405], `${reading} ${target}`).toContain(status);
      }
    }
    expect(stateOf(agent)).toEqual(before);
  });

  it('turns no request into another one by a header or a field', async () => {
    const agent = await startTestAgent();
    const before = stateOf(agent);
    for (const target of ['/api/sessions/active?_method=POST', '/api/sessions/active?method=delete']) {
      const headers = { 'x-http-method-override': 'POST', 'x-method-override': 'DELETE' };
      await callOnWire(agent.url, 'GET', target, { headers });
    }
    expect(stateOf(agent)).toEqual(before);
  });
});

describe('a stream on a page of another site', () => {
  const PICTURE = { ...CROSS_SITE['a picture'], referer: `${EVIL}/` };

  it('is shown with its key, and says that it may be: on that answer and on no other', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const { secret } = await makeViewKey(agent, share);
    const shown = await callOnWire(agent.url, 'GET', `/stream/${share}?key=${secret}`, { headers: PICTURE });
    expect(shown.status).toBe(200);
    expect(shown.headers).toMatchObject({ 'cross-origin-resource-policy': 'cross-origin' });
    expect(shown.headers['content-security-policy']).toBe("default-src 'none'; frame-ancestors *");
    expect(shown.headers['access-control-allow-origin']).toBeUndefined();
    for (const [target, headers] of [
      [`/stream/${share}`, PICTURE],
      [`/stream/${share}?key=`, PICTURE],
      [`/stream/${share}?key=phv_${'A'.repeat(43)}`, PICTURE],
      [`/stream/${share}?key=${secret.slice(0, -1)}`, PICTURE],
      [`/stream/${share}`, {}],
      [`/api/agent?key=${secret}`, PICTURE],
      [`/api/screen_share/status/${share}?key=${secret}`, PICTURE],
    ] as const) {
      const answer = await callOnWire(agent.url, 'GET', target, { headers });
      expect(answer.headers['cross-origin-resource-policy'], target).toBe('same-origin');
      if (headers === PICTURE) expect([401, 403], target).toContain(answer.status);
    }
  });

  it('lets the page do nothing more with the key', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const { secret } = await makeViewKey(agent, share);
    for (const [method, target] of [
      ['POST', `/stream/${share}?key=${secret}`],
      ['POST', `/api/screen_share/stop?key=${secret}`],
      ['GET', `/api/viewers?session_id=${share}&key=${secret}`],
      ['GET', `/api/events?key=${secret}`],
    ] as const) {
      const answer = await callOnWire(agent.url, method, target, { headers: { ...PICTURE, origin: EVIL } });
      expect(answer.body, target).toMatchObject({ error: 'origin_not_allowed' });
    }
  });

  it('cannot be used to lock the person out of keys, or anybody else', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const { secret } = await makeViewKey(agent, share);
    const ask = async (key: string, headers: Record<string, string>) =>
      (await callOnWire(agent.url, 'GET', `/stream/${share}?key=${key}`, { headers })).status;
    const guesses: number[] = [];
    for (let guess = 0; guess < 7; guess += 1) guesses.push(await ask(`phv_${guess}`, PICTURE));
    expect(guesses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    expect(await ask(secret, {})).toBe(200);
  });
});

describe('a page that opened one of ours', () => {
  it('keeps no hold of it; a tab with a stream has nothing to hold, and is lost by Firefox with that header', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const openerPolicyOf = async (path: string): Promise<string | null> => {
      const leave = new AbortController();
      const { headers } = await fetch(`${agent.url}${path}`, { signal: leave.signal });
      leave.abort();
      return headers.get('cross-origin-opener-policy');
    };
    for (const path of ['/', `/view/${share}`, '/stream/screen_00000000', '/api/docs']) {
      expect(await openerPolicyOf(path), path).toBe('same-origin');
    }
    expect(await openerPolicyOf(`/stream/${share}`)).toBeNull();
  });
});
