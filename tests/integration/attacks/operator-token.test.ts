import { describe, expect, it } from 'vitest';
import {
  bearer,
  makeToken,
  makeViewKey,
  type Sent,
  sendWith,
  startShare,
} from '../access/support/callers.ts';
import { EventClient } from '../support/event-client.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

const post = (target: string, body: object = {}): Sent => ({
  method: 'POST',
  target,
  body: JSON.stringify(body),
});
const get = (target: string): Sent => ({ method: 'GET', target });

async function operator(agent: TestAgent) {
  const { id, secret } = await makeToken(agent, 'operator');
  const sendAll = sendWith(agent, bearer(secret));
  return { id, secret, send: async (request: Sent) => (await sendAll([request]))[0] };
}

describe('a hostile operator token', () => {
  it.each(['supervised', 'autonomous', 'read_only'])(
    'starts nothing in %s mode that nobody has allowed',
    async (mode) => {
      const agent = await startTestAgent();
      const { send } = await operator(agent);
      const started = await send(post('/api/remote/start', { safety_mode: mode }));
      expect(started?.body).toMatchObject({ status: 'pending_approval', requires_approval: true });
      const sessionId = String(started?.body.session_id);
      const [approval] = agent.approvals.list();
      expect(approval?.origin).toBe("this machine, by the token “a test's operator”");
      // It may ask, and look at its own; it may not answer itself, by any road.
      for (const target of [
        `/api/remote/approve/${sessionId}`,
        `/api/remote/deny/${sessionId}`,
        `/api/approvals/${approval?.approval_id}/allow`,
        `/api/approvals/${approval?.approval_id}/deny`,
      ]) {
        expect(await send(post(target)), target).toMatchObject({ error: 'access_denied' });
      }
      expect(await send(get('/api/approvals'))).toMatchObject({ error: 'access_denied' });
      const run = await send(post(`/api/remote/execute/${sessionId}`, { operation: 'system_info' }));
      expect(run).toMatchObject({ error: 'session_not_active' });
      expect((await send(get(`/api/remote/status/${sessionId}`)))?.body.status).toBe('pending_approval');
      agent.approvals.decide(String(approval?.approval_id), 'allowed', 'panel');
      expect((await send(get(`/api/remote/status/${sessionId}`)))?.body.status).toBe('active');
    },
  );

  it('shows no picture of a share before it was allowed, and none if it was not', async () => {
    const agent = await startTestAgent();
    const { send } = await operator(agent);
    const started = await send(post('/api/screen_share/start'));
    const share = String(started?.body.session_id);
    expect(started?.body).toMatchObject({ status: 'pending_approval', requires_approval: true });
    expect(agent.screen.captures).toHaveLength(0);
    expect(await send(get(`/stream/${share}`))).toMatchObject({ error: 'session_not_active' });
    expect(await send(post(`/api/screen_share/${share}/keys`))).toMatchObject({
      error: 'session_not_active',
    });
    const [approval] = agent.approvals.list();
    agent.approvals.decide(String(approval?.approval_id), 'denied', 'panel');
    expect(agent.screen.captures).toHaveLength(0);
    expect(await send(get(`/stream/${share}`))).toMatchObject({ error: 'stream_ended' });
    const second = await send(post('/api/screen_share/start'));
    const [next] = agent.approvals.list();
    agent.approvals.decide(String(next?.approval_id), 'allowed', 'panel');
    expect(agent.screen.captures).toHaveLength(1);
    expect((await send(get(`/stream/${second?.body.session_id}`)))?.status).toBe(200);
  });

  it('neither reads nor stops what is not its own', async () => {
    const agent = await startTestAgent({ settings: { askForTokenStarts: false } });
    const [mine, theirs] = [await operator(agent), await operator(agent)];
    const remote = String((await theirs.send(post('/api/remote/start')))?.body.session_id);
    const share = String((await theirs.send(post('/api/screen_share/start')))?.body.session_id);
    const { body: own } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'read_only' });
    for (const sessionId of [remote, String(own.session_id)]) {
      for (const request of [
        get(`/api/remote/status/${sessionId}`),
        post(`/api/remote/stop/${sessionId}`),
        post(`/api/sessions/heartbeat/${sessionId}`),
        post(`/api/remote/execute/${sessionId}`, { operation: 'system_info' }),
        get(`/api/remote/export/${sessionId}`),
      ]) {
        expect(await mine.send(request), request.target).toMatchObject({ error: 'session_not_found' });
      }
    }
    for (const request of [
      get(`/api/screen_share/status/${share}`),
      post('/api/screen_share/stop', { session_id: share }),
      get(`/stream/${share}`),
      get(`/api/screen_share/${share}/keys`),
      post(`/api/screen_share/${share}/keys`),
    ]) {
      expect(await mine.send(request), request.target).toMatchObject({ error: 'session_not_found' });
    }
    for (const list of ['/api/viewers', '/api/remote/commands']) {
      for (const sessionId of [remote, share])
        expect((await mine.send(get(`${list}?session_id=${sessionId}`)))?.body.total).toBe(0);
    }
    const command = await theirs.send(post(`/api/remote/execute/${remote}`, { operation: 'system_info' }));
    const commandId = String(command?.body.command_id);
    for (const request of [
      get(`/api/remote/commands/${commandId}`),
      post(`/api/remote/commands/${commandId}/cancel`),
      get(`/api/remote/commands/${commandId}/screenshots/before`),
    ]) {
      expect(await mine.send(request), request.target).toMatchObject({ error: 'command_not_found' });
    }
    const watching = await fetch(`${agent.url}/stream/${share}`, { headers: bearer(theirs.secret) });
    const [viewer] = agent.viewers();
    expect(await mine.send(post(`/api/viewers/${viewer?.viewerId}/kick`))).toMatchObject({
      error: 'viewer_not_found',
    });
    expect((await mine.send(get('/api/viewers')))?.body.total).toBe(0);
    expect((await theirs.send(get('/api/viewers')))?.body.total).toBe(1);
    await watching.body?.cancel();
    expect(agent.sessions.listLive()).toHaveLength(3);
  });

  it('approves no command, its own neither', async () => {
    const agent = await startTestAgent({ settings: { askForTokenStarts: false } });
    const { send } = await operator(agent);
    const sessionId = String((await send(post('/api/remote/start')))?.body.session_id);
    const asked = await send(post(`/api/remote/execute/${sessionId}`, { operation: 'run', argv: ['true'] }));
    expect(asked?.body.status).toBe('pending_approval');
    for (const verb of ['approve', 'deny']) {
      const outcome = await send(post(`/api/remote/commands/${asked?.body.command_id}/${verb}`));
      expect(outcome).toMatchObject({ error: 'access_denied' });
    }
    expect(agent.approvals.list()).toHaveLength(1);
  });

  it('gets no admin’s route, and makes no token', async () => {
    const agent = await startTestAgent();
    const { id, send } = await operator(agent);
    for (const request of [
      post('/api/tokens', { name: 'me', role: 'admin' }),
      get('/api/tokens'),
      post(`/api/tokens/${id}/rotate`),
      { method: 'DELETE', target: `/api/tokens/${id}` },
      post('/api/sessions/stop_all'),
      post('/api/sessions/rearm'),
      post('/api/sessions/check_dropped?timeout_minutes=0.001'),
      post('/api/login'),
      get('/metrics'),
    ]) {
      expect(await send(request), request.target).toMatchObject({ error: 'access_denied' });
    }
  });

  it('hears of its own sessions only, also of what is long past', async () => {
    const agent = await startTestAgent({ settings: { askForTokenStarts: false } });
    const { secret, send } = await operator(agent);
    const share = await startShare(agent);
    await makeViewKey(agent, share);
    await call(agent, 'POST', '/api/remote/start', { user_id: 'somebody else', safety_mode: 'autonomous' });
    const own = String((await send(post('/api/remote/start', { user_id: 'operator' })))?.body.session_id);
    const past = await EventClient.connect(agent, '?since=0', { headers: bearer(secret) });
    const present = await EventClient.connect(agent, '', { headers: bearer(secret) });
    await call(agent, 'POST', '/api/screen_share/stop', { session_id: share });
    await send(post(`/api/remote/stop/${own}`));
    for (const client of [past, present]) {
      await client.until(() => client.events.some(({ event }) => event === 'remote_session_stopped'));
      const told = JSON.stringify(client.messages);
      expect(told).toContain(own);
      for (const secretive of [share, 'somebody else', 'token_', 'key_', 'approval_'])
        expect(told, secretive).not.toContain(secretive);
    }
    expect(past.events.map(({ event }) => event)).toEqual([
      'remote_session_started',
      'remote_session_stopped',
    ]);
  });

  it('is no place to ask: nobody sees a request on its socket', async () => {
    const agent = await startTestAgent({ canPrompt: () => false });
    const { secret, send } = await operator(agent);
    await EventClient.connect(agent, '', { headers: bearer(secret) });
    const refused = await send(post('/api/remote/start'));
    expect(refused).toMatchObject({ error: 'no_place_to_ask' });
  });

  it('loses everything at once when it is revoked', async () => {
    const agent = await startTestAgent({ settings: { askForTokenStarts: false } });
    const { id, secret, send } = await operator(agent);
    const share = String((await send(post('/api/screen_share/start')))?.body.session_id);
    const remote = String((await send(post('/api/remote/start')))?.body.session_id);
    const events = await EventClient.connect(agent, '', { headers: bearer(secret) });
    const response = await fetch(`${agent.url}/stream/${share}`, { headers: bearer(secret) });
    const streamEnd = response.arrayBuffer().catch(() => undefined);
    const began = performance.now();
    await call(agent, 'DELETE', `/api/tokens/${id}`);
    await Promise.all([streamEnd, events.closed]);
    expect(performance.now() - began).toBeLessThan(1000);
    expect((await events.closed).code).toBe(1008);
    expect(await send(get('/api/agent'))).toMatchObject({ status: 401, error: 'invalid_credentials' });
    expect(agent.sessions.listLive()).toEqual([]);
    const { history } = agent.sessions.listHistory({ limit: 10, offset: 0 });
    expect(history.map(({ session_id, stop_reason }) => [session_id, stop_reason]).sort()).toEqual(
      [
        [share, 'Token revoked'],
        [remote, 'Token revoked'],
      ].sort(),
    );
  });
});

describe('an admin token', () => {
  it('cannot outlive itself by tokens of its own', async () => {
    const agent = await startTestAgent();
    const { id, secret } = await makeToken(agent, 'admin', { expires_in_seconds: 3600 });
    const [made] = await sendWith(
      agent,
      bearer(secret),
    )([post('/api/tokens', { name: 'for later', role: 'admin' })]);
    const left = Date.parse(String(made?.body.expires_at)) - Date.now();
    expect(left).toBeLessThanOrEqual(3_600_000);
    expect(made?.body.created_by).toBe(id);
    await call(agent, 'DELETE', `/api/tokens/${id}`);
    const [refused] = await sendWith(agent, bearer(String(made?.body.token)))([get('/api/agent')]);
    expect(refused).toMatchObject({ error: 'invalid_credentials' });
  });

  it('does not lift the owner’s lock', async () => {
    const agent = await startTestAgent();
    const { secret } = await makeToken(agent, 'admin');
    const [stopped, rearmed] = await sendWith(
      agent,
      bearer(secret),
    )([post('/api/sessions/stop_all'), post('/api/sessions/rearm')]);
    expect(stopped?.status).toBe(200);
    expect(rearmed).toMatchObject({ error: 'access_denied' });
    expect(agent.sessions.locked).toBe(true);
  });

  it('lets a browser in by a cookie that ends with it, and that no other site can use', async () => {
    const agent = await startTestAgent();
    const { id, secret } = await makeToken(agent, 'admin');
    const login = await fetch(`${agent.url}/api/login`, { method: 'POST', headers: bearer(secret) });
    const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
    expect(login.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect(cookie).not.toContain(secret);
    // Over a proxy, where nothing else speaks for the browser.
    const remote = { cookie, 'x-forwarded-for': '192.0.2.9' };
    const listen = await EventClient.connect(agent, '', { headers: remote });
    expect((await sendWith(agent, remote)([get('/api/tokens')]))[0]?.status).toBe(200);
    const foreign = { ...remote, origin: 'https://evil.example' };
    expect((await sendWith(agent, foreign)([get('/api/tokens')]))[0]?.error).toBe('origin_not_allowed');
    await call(agent, 'DELETE', `/api/tokens/${id}`);
    await listen.closed;
    expect((await sendWith(agent, remote)([get('/api/tokens')]))[0]?.error).toBe('access_denied');
  });
});
