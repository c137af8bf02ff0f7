import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bearer, makeToken, makeViewKey, startShare } from '../access/support/callers.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

/** This machine's own address as other machines see it. */
const outside = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

interface Answered {
  readonly status: number;
  readonly error: string | null;
  readonly headers: Record<string, unknown>;
}

/** Asks from and at addresses of one's choice, with any Host. */
async function ask(
  agent: TestAgent,
  address: string,
  target: string,
  headers: Record<string, string> = {},
  more: { method?: string; from?: string; body?: string } = {},
): Promise<Answered> {
  const { port } = new URL(agent.url);
  const outgoing = request({
    host: address,
    port,
    path: target,
    method: more.method ?? 'GET',
    agent: false,
    ...(more.from ? { localAddress: more.from } : {}),
    headers: {
      host: `${address.includes(':') ? `[${address}]` : address}:${port}`,
      ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
  });
  outgoing.end(more.body);
  const [response] = await once(outgoing, 'response');
  const isJson = String(response.headers['content-type']).startsWith('application/json');
  const chunks: Buffer[] = [];
  if (isJson) for await (const chunk of response) chunks.push(chunk as Buffer);
  response.destroy();
  const body = isJson ? JSON.parse(Buffer.concat(chunks).toString()) : {};
  return { status: response.statusCode, error: body.error ?? null, headers: response.headers };
}

describe('the network, while it is switched off', () => {
  it('reaches nothing', async () => {
    const agent = await startTestAgent();
    const { port } = new URL(agent.url);
    expect(outside, 'this machine has an address').toBeDefined();
    const socket = connect({ host: outside ?? '', port: Number(port) });
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await call(agent, 'GET', '/api/agent')).toMatchObject({ body: { reach: { network: false } } });
  });
});

describe('a hostile machine on the network, while it is switched on', () => {
  const start = () => startTestAgent({ flags: { allowNetworkViewers: true } });
  const here = outside ?? '';

  it('gets nothing without a secret', async () => {
    const agent = await start();
    const share = await startShare(agent);
    const { body: pending } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    for (const target of [
      '/api/agent',
      '/api/sessions/active',
      '/api/sessions/history',
      '/api/tokens',
      '/metrics',
    ])
      expect(await ask(agent, here, target), target).toMatchObject({ status: 403, error: 'access_denied' });
    for (const target of [
      '/api/remote/start',
      '/api/sessions/stop_all',
      '/api/sessions/rearm',
      `/api/approvals/${pending.approval_id}/allow`,
      `/api/remote/approve/${pending.session_id}`,
    ]) {
      const refused = await ask(agent, here, target, {}, { method: 'POST', body: '{}' });
      expect(refused, target).toMatchObject({ status: 403, error: 'access_denied' });
    }
    expect(await ask(agent, here, `/stream/${share}`)).toMatchObject({ error: 'viewer_approval_required' });
    // Nor does it learn by which version it is refused.
    expect(await ask(agent, here, '/healthz')).toMatchObject({ status: 200 });
    expect(agent.sessions.locked).toBe(false);
    expect(agent.approvals.list()).toHaveLength(1);
  });

  it('is not taken for this machine, whatever it writes into its request', async () => {
    const agent = await start();
    const { port } = new URL(agent.url);
    for (const headers of [
      { host: `localhost:${port}` },
      { host: `127.0.0.1:${port}` },
      { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1', forwarded: 'for=127.0.0.1' },
      { origin: `http://localhost:${port}`, host: `localhost:${port}` },
      { cookie: 'porthole_window=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
    ] as Record<string, string>[]) {
      expect(await ask(agent, here, '/api/agent', headers)).toMatchObject({ error: 'access_denied' });
    }
    const ticket = agent.issueTicket('panel');
    const stolen = await ask(agent, here, `/?ticket=${ticket}`);
    expect(stolen.headers['set-cookie']).toBeUndefined();
    const page = await fetch(`${agent.url}/?ticket=${ticket}`, { redirect: 'manual' });
    const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect(await ask(agent, here, '/api/agent', { cookie })).toMatchObject({ error: 'access_denied' });
  });

  it('finds the agent under its own names only (DNS rebinding)', async () => {
    const agent = await start();
    const { port } = new URL(agent.url);
    const { secret } = await makeToken(agent, 'operator');
    const own = [
      `${here}:${port}`,
      `${hostname()}:${port}`,
      `${hostname()}.local:${port}`,
      `localhost:${port}`,
    ];
    for (const host of own)
      expect((await ask(agent, here, '/api/agent', { ...bearer(secret), host })).status, host).toBe(200);
    const strange = ['evil.example', `evil.example:${port}`, `0.0.0.0:${port}`, `192.0.2.250:${port}`, here];
    for (const host of strange)
      expect((await ask(agent, here, '/api/agent', { ...bearer(secret), host })).error, host).toBe(
        'host_not_allowed',
      );
  });

  it('gets what a token or a key gives, and the person sees from where', async () => {
    const agent = await start();
    const { secret } = await makeToken(agent, 'operator');
    const share = await startShare(agent);
    const key = await makeViewKey(agent, share);
    expect(await ask(agent, here, '/api/agent', bearer(secret))).toMatchObject({ status: 200 });
    expect(await ask(agent, here, `/stream/${share}?key=${key.secret}`)).toMatchObject({ status: 200 });
    const started = await ask(agent, here, '/api/remote/start', bearer(secret), {
      method: 'POST',
      body: '{}',
    });
    expect(started.status).toBe(200);
    expect(agent.approvals.list()).toMatchObject([{ origin: `${here}, by the token “a test's operator”` }]);
    const { body } = await call(agent, 'GET', '/api/agent');
    expect(body.reach).toMatchObject({
      network: true,
      urls: expect.arrayContaining([`http://${here}:${new URL(agent.url).port}`]),
    });
  });

  it('locks out itself, not others', async () => {
    const agent = await start();
    const { secret } = await makeToken(agent, 'operator');
    for (let guess = 0; guess < 5; guess += 1) await ask(agent, here, '/api/agent', bearer(`pht_${guess}`));
    expect(await ask(agent, here, '/api/agent', bearer(secret))).toMatchObject({
      error: 'too_many_attempts',
    });
    expect((await fetch(`${agent.url}/api/agent`, { headers: bearer(secret) })).status).toBe(200);
    expect(await call(agent, 'GET', '/api/tokens')).toMatchObject({ status: 200 });
  });
});

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'a household of IPv6 addresses',
  () => {
    it('is one guesser, whatever address of its /64 it takes, and its neighbour is another', async () => {
      const prefix = 'fd70:6f72:7468';
      const addresses = [1, 2, 3, 4, 5, 6, 7].map((host) => `${prefix}:1::${host}`);
      const neighbour = `${prefix}:2::1`;
      for (const address of [...addresses, neighbour]) {
        execFileSync('ip', ['-6', 'address', 'add', `${address}/128`, 'dev', 'lo', 'nodad']);
        onTestFinished(() => {
          execFileSync('ip', ['-6', 'address', 'del', `${address}/128`, 'dev', 'lo']);
        });
      }
      const agent = await startTestAgent({ flags: { host: '::' } });
      const { secret } = await makeToken(agent, 'operator');
      const [at = ''] = addresses;
      for (const from of addresses.slice(1, 6))
        expect((await ask(agent, at, '/api/agent', bearer(`pht_${from}`), { from })).error).toBe(
          'invalid_credentials',
        );
      const last = { from: addresses[6] ?? '' };
      expect((await ask(agent, at, '/api/agent', bearer(secret), last)).error).toBe('too_many_attempts');
      expect((await ask(agent, at, '/api/agent', bearer(secret), { from: neighbour })).status).toBe(200);
    });
  },
);
