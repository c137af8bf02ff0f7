import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'libsql';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../fakes/manual-clock.ts';
import {
  bearer,
  GUEST_HEADERS,
  makeToken,
  makeViewKey,
  sendWith,
  startShare,
} from '../access/support/callers.ts';
import { cookieNamesOf } from '../support/cookie-names.ts';
import { EventClient } from '../support/event-client.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { callOnWire } from '../support/wire-call.ts';
import { openRealLog } from './support/real-log.ts';

const get = async (agent: TestAgent, target: string, headers: Record<string, string> = {}) => {
  const { status, body } = await callOnWire(agent.url, 'GET', target, { headers });
  return { status, error: (body as { error?: string } | undefined)?.error ?? null };
};

/** Opens a stream; resolves `ended` when it is cut. */
async function watch(agent: TestAgent, target: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${agent.url}${target}`, { headers });
  return { status: response.status, ended: response.arrayBuffer().catch(() => undefined) };
}

describe('tokens', () => {
  it('work from the header alone, and nowhere as part of an address', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const { secret } = await makeToken(agent, 'admin');
    expect(await get(agent, '/api/tokens', { ...GUEST_HEADERS, ...bearer(secret) })).toMatchObject({
      status: 200,
    });
    for (const name of ['token', 'access_token', 'key', 'authorization', 'bearer']) {
      const refused = await get(agent, `/api/tokens?${name}=${secret}`, { ...GUEST_HEADERS });
      expect(refused, name).toEqual({ status: 403, error: 'access_denied' });
    }
    expect(await get(agent, `/stream/${share}?key=${secret}`)).toEqual({
      status: 401,
      error: 'invalid_credentials',
    });
    expect(await get(agent, `/stream/${share}?token=${secret}`, { ...GUEST_HEADERS })).toMatchObject({
      error: 'viewer_approval_required',
    });
    for (const name of Object.values(cookieNamesOf(agent))) {
      const cookie = `${name}=${secret}`;
      expect(await get(agent, '/api/tokens', { ...GUEST_HEADERS, cookie })).toMatchObject({ status: 403 });
    }
  });

  it.each(['Bearer', 'Bearer ', 'Basic cGh0Xzp4', 'Bearer a b', 'Token x', 'Digest username="x"', ''])(
    'are refused in the form %j, even where none was needed',
    async (authorization) => {
      const agent = await startTestAgent();
      expect(await get(agent, '/api/agent', { authorization })).toEqual({
        status: 401,
        error: 'invalid_credentials',
      });
    },
  );

  it('say how to be shown when they are wrong', async () => {
    const agent = await startTestAgent();
    const answer = await callOnWire(agent.url, 'GET', '/api/agent', { headers: bearer('pht_guess') });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="porthole"');
  });

  it('are worth nothing once they have expired, were revoked or rotated, over a restart too', async () => {
    const clock = new ManualClock();
    const agent = await startTestAgent({ clock });
    const expired = await makeToken(agent, 'admin', { expires_in_seconds: 60 });
    const revoked = await makeToken(agent, 'admin');
    const rotated = await makeToken(agent, 'admin');
    await call(agent, 'DELETE', `/api/tokens/${revoked.id}`);
    const { body } = await call(agent, 'POST', `/api/tokens/${rotated.id}/rotate`);
    clock.advance(60_000);
    const good = String(body.token);
    await agent.close('restart');
    clock.jumpWall(-3600_000);
    const again = await startTestAgent({ clock, folder: agent.folder });
    for (const { secret } of [expired, revoked, rotated]) {
      // Known to have been good once: no guess, so nobody is locked out for it.
      for (let count = 0; count < 3; count += 1)
        expect(await get(again, '/api/agent', bearer(secret))).toMatchObject({ status: 401 });
    }
    expect(await get(again, '/api/agent', bearer(good))).toMatchObject({ status: 200 });
  });

  it('cut what is open when they expire', async () => {
    const agent = await startTestAgent({ settings: { askForTokenStarts: false } });
    const { secret } = await makeToken(agent, 'operator', { expires_in_seconds: 0.5 });
    const [started] = await sendWith(
      agent,
      bearer(secret),
    )([{ method: 'POST', target: '/api/screen_share/start', body: '{}' }]);
    const stream = await watch(agent, `/stream/${started?.body.session_id}`, bearer(secret));
    const events = await EventClient.connect(agent, '', { headers: bearer(secret) });
    const began = performance.now();
    await Promise.all([stream.ended, events.closed]);
    expect(performance.now() - began).toBeLessThan(1500);
    expect(agent.sessions.listLive()).toEqual([]);
  });
});

describe('view keys', () => {
  it('open one share, its stream and events, and nothing else', async () => {
    const agent = await startTestAgent();
    const [share, other] = [await startShare(agent), await startShare(agent)];
    const { secret } = await makeViewKey(agent, share);
    expect((await get(agent, `/stream/${share}?key=${secret}`, { ...GUEST_HEADERS })).status).toBe(200);
    expect(await get(agent, `/stream/${other}?key=${secret}`, { ...GUEST_HEADERS })).toMatchObject({
      error: 'session_not_found',
    });
    const events = await EventClient.connect(agent, `?key=${secret}`, { headers: { ...GUEST_HEADERS } });
    await events.until(() => events.snapshots.length > 0);
    expect(events.snapshots[0]?.data).toMatchObject({ total: 1, approvals: [] });
    await call(agent, 'POST', '/api/remote/start', { user_id: 'private', safety_mode: 'autonomous' });
    await call(agent, 'POST', '/api/screen_share/stop', { session_id: other });
    await call(agent, 'POST', '/api/screen_share/stop', { session_id: share });
    await events.closed;
    const told = JSON.stringify(events.messages);
    for (const secretive of [other, 'private', 'remote_', 'viewer_', 'address'])
      expect(told, secretive).not.toContain(secretive);
    expect(events.events.map(({ event }) => event)).toEqual(['screen_share_stopped']);
    for (const target of ['/api/agent', '/api/sessions/active', `/api/screen_share/status/${share}`])
      expect(await get(agent, `${target}?key=${secret}`, { ...GUEST_HEADERS })).toMatchObject({
        status: 403,
      });
  });

  it('cut what is open within a second when they are revoked, expire, or the share ends', async () => {
    const agent = await startTestAgent();
    const [share, other] = [await startShare(agent), await startShare(agent)];
    const revoked = await makeViewKey(agent, share);
    const expiring = await makeViewKey(agent, share, { expires_in_seconds: 0.3 });
    const ofOther = await makeViewKey(agent, other);
    const staying = await makeViewKey(agent, share);
    const stays = await watch(agent, `/stream/${share}?key=${staying.secret}`);
    for (const [key, end] of [
      [revoked, () => call(agent, 'DELETE', `/api/screen_share/${share}/keys/${revoked.id}`)],
      [expiring, async () => undefined],
      [ofOther, () => call(agent, 'POST', '/api/screen_share/stop', { session_id: other })],
    ] as const) {
      const of = key === ofOther ? other : share;
      const stream = await watch(agent, `/stream/${of}?key=${key.secret}`);
      const events = await EventClient.connect(agent, `?key=${key.secret}`);
      const began = performance.now();
      await end();
      await Promise.all([stream.ended, events.closed]);
      expect(performance.now() - began).toBeLessThan(1000);
      const after = await get(agent, `/stream/${of}?key=${key.secret}`);
      expect(after).toEqual(
        of === share ? { status: 401, error: 'invalid_credentials' } : { status: 410, error: 'stream_ended' },
      );
    }
    expect(agent.viewers().map(({ grant }) => grant?.grantId)).toEqual([staying.id]);
    expect(stays.status).toBe(200);
  });

  it('shut out whom the person has sent away, and nobody else', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const { secret } = await makeViewKey(agent, share, { name: 'for all' });
    const stream = await watch(agent, `/stream/${share}?key=${secret}`);
    const events = await EventClient.connect(agent, `?key=${secret}`);
    const v6 = agent.url.replace('127.0.0.1', '[::1]');
    const eventsElsewhere = await EventClient.connect({ ...agent, url: v6 }, `?key=${secret}`);
    const { body } = await call(agent, 'GET', `/api/viewers?session_id=${share}`);
    expect(body.viewers).toMatchObject([
      { address: '127.0.0.1', admitted_by: 'key', name: 'for all', frames: 0 },
    ]);
    const [viewer] = body.viewers as { viewer_id: string }[];
    const began = performance.now();
    await call(agent, 'POST', `/api/viewers/${viewer?.viewer_id}/kick`);
    await Promise.all([stream.ended, events.closed]);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(await get(agent, `/stream/${share}?key=${secret}`)).toMatchObject({
      status: 401,
      error: 'viewer_sent_away',
    });
    const elsewhere = await fetch(`${v6}/stream/${share}?key=${secret}`);
    expect(elsewhere.status).toBe(200);
    await elsewhere.body?.cancel();
    expect(eventsElsewhere.socket.readyState).toBe(eventsElsewhere.socket.OPEN);
  });
});

describe('viewers without a key', () => {
  const ask = (agent: TestAgent, sessionId: string, cookie = '', name = 'ada') =>
    callOnWire(agent.url, 'POST', '/api/viewers/ask', {
      headers: { ...GUEST_HEADERS, 'content-type': 'application/json', ...(cookie ? { cookie } : {}) },
      body: JSON.stringify({ session_id: sessionId, name }),
    });

  it('are let in one by one by the person, and sent away again', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const asked = await ask(agent, share);
    expect(asked.body).toMatchObject({ status: 'pending_approval' });
    const [cookie = ''] = String(asked.headers['set-cookie']).split(';');
    expect(String(asked.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Strict/);
    const headers = { ...GUEST_HEADERS, cookie };
    expect(await get(agent, `/stream/${share}`, headers)).toMatchObject({
      error: 'viewer_approval_required',
    });
    const [approval] = agent.approvals.list();
    expect(approval).toMatchObject({ kind: 'viewer', user_id: 'ada', session_id: share });
    await call(agent, 'POST', `/api/approvals/${approval?.approval_id}/allow`);
    const state = await callOnWire(agent.url, 'GET', `/api/viewers/ask?session_id=${share}`, { headers });
    expect(state.body).toEqual({ session_id: share, status: 'approved' });
    // Only this browser.
    expect(await get(agent, `/stream/${share}`, { ...GUEST_HEADERS })).toMatchObject({ status: 403 });
    const stream = await watch(agent, `/stream/${share}`, headers);
    const [viewer] = agent.viewers();
    expect(viewer?.grant).toMatchObject({ admission: 'approval', name: 'ada' });
    await call(agent, 'POST', `/api/viewers/${viewer?.viewerId}/kick`);
    await stream.ended;
    expect(await get(agent, `/stream/${share}`, headers)).toMatchObject({
      error: 'viewer_approval_required',
    });
  });

  it('are told no when the person says no, and cannot ask again and again', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    await ask(agent, share);
    const [approval] = agent.approvals.list();
    await call(agent, 'POST', `/api/approvals/${approval?.approval_id}/deny`);
    expect((await ask(agent, share)).body).toMatchObject({ error: 'too_many_requests' });
    expect(agent.approvals.list()).toEqual([]);
  });

  it('learn of no session by asking', async () => {
    const agent = await startTestAgent();
    const { body } = await call(agent, 'POST', '/api/remote/start', {});
    for (const sessionId of [String(body.session_id), 'screen_00000000', '../etc', ''])
      expect((await ask(agent, sessionId)).body).toMatchObject({ error: 'session_not_found' });
  });
});

describe('lockout', () => {
  const guess = (agent: TestAgent, secret: string) => get(agent, '/api/agent', bearer(secret));

  it('lasts over a restart, and never keeps the person out', async () => {
    const agent = await startTestAgent();
    const { secret } = await makeToken(agent, 'operator');
    for (let count = 0; count < 5; count += 1)
      expect((await guess(agent, `pht_${count}`)).error).toBe('invalid_credentials');
    expect(await guess(agent, secret)).toEqual({ status: 429, error: 'too_many_attempts' });
    await agent.close('restart');
    const again = await startTestAgent({ folder: agent.folder });
    const locked = await callOnWire(again.url, 'GET', '/api/agent', { headers: bearer(secret) });
    expect(locked).toMatchObject({ status: 429, body: { error: 'too_many_attempts' } });
    expect(Number(locked.headers['retry-after'])).toBeGreaterThan(0);
    expect(await call(again, 'GET', '/api/tokens')).toMatchObject({ status: 200 });
    const page = await fetch(`${again.url}/?ticket=${again.issueTicket('panel')}`, { redirect: 'manual' });
    const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect((await get(again, '/api/tokens', { cookie })).status).toBe(200);
  });

  it('counts guesses of keys with those of tokens', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    for (let count = 0; count < 3; count += 1) await get(agent, `/stream/${share}?key=phv_${count}`);
    for (let count = 0; count < 2; count += 1) await guess(agent, `pht_${count}`);
    const { secret } = await makeViewKey(agent, share);
    expect(await get(agent, `/stream/${share}?key=${secret}`)).toMatchObject({ error: 'too_many_attempts' });
    expect((await get(agent, `/stream/${share}`)).status).toBe(200);
  });

  it('ends when the wait is over, and begins again at twice the length', async () => {
    const clock = new ManualClock();
    const agent = await startTestAgent({ clock });
    const { secret } = await makeToken(agent, 'operator');
    for (let count = 0; count < 5; count += 1) await guess(agent, `pht_${count}`);
    clock.jumpWall(24 * 60 * 60_000);
    expect((await guess(agent, secret)).error).toBe('too_many_attempts');
    clock.advance(5000);
    expect((await guess(agent, secret)).status).toBe(200);
    expect((await guess(agent, 'pht_again')).error).toBe('invalid_credentials');
    clock.advance(9999);
    expect((await guess(agent, secret)).error).toBe('too_many_attempts');
  });
});

describe('secrets on disk and in the log', () => {
  it('are in neither, whatever happens to them', async () => {
    const real = await startTestAgent();
    const { log, flush, printed } = openRealLog(path.join(real.folder, 'logs'));
    // The same agent with the real log: all that it would write down is what is written there.
    const agent = await startTestAgent({ log });
    const share = await startShare(agent);
    const admin = await makeToken(agent, 'admin');
    const key = await makeViewKey(agent, share);
    const ticket = agent.issueTicket('panel');
    const page = await fetch(`${agent.url}/?ticket=${ticket}`, { redirect: 'manual' });
    const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const login = await fetch(`${agent.url}/api/login`, { method: 'POST', headers: bearer(admin.secret) });
    const loginCookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const guessed = 'pht_guessedguessedguessedguessedguessed';
    await get(agent, `/stream/${share}?key=${key.secret}`);
    for (let count = 0; count < 6; count += 1) await get(agent, '/api/agent', bearer(guessed));
    await get(agent, '/api/tokens', { cookie: `${cookie}; ${loginCookie}` });
    await call(agent, 'POST', '/api/screen_share/stop', { session_id: share });
    const database = new Database(path.join(agent.folder, 'porthole.db'));
    database.exec('DROP TABLE sessions');
    database.close();
    // What goes wrong is logged with all that is known of it.
    const failing = { ...bearer(admin.secret), cookie };
    for (const target of [`/api/remote/status/${admin.secret}`, `/api/sessions/history?key=${key.secret}`])
      await get(agent, target, { ...GUEST_HEADERS, cookie }).catch(() => undefined);
    await callOnWire(agent.url, 'POST', '/api/remote/start', { headers: failing, body: '{}' }).catch(
      () => undefined,
    );
    log.error(
      { headers: failing, url: `/x?key=${key.secret}`, err: new Error(admin.secret) },
      `GET /?ticket=${ticket}`,
    );
    await flush();
    const secrets = [
      admin.secret,
      key.secret,
      guessed,
      ticket,
      cookie.split('=')[1],
      loginCookie.split('=')[1],
    ];
    const folders = [path.join(real.folder, 'logs'), agent.folder];
    const files = folders.flatMap((folder) =>
      readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(folder, entry.name)),
    );
    const written = [...printed, ...files.map((file) => readFileSync(file, 'latin1'))].join('\n');
    expect(written).toContain('a wrong secret');
    expect(written).toContain('[secret]');
    for (const secret of secrets) {
      expect(secret).toMatch(/.{20}/);
      expect(written).not.toContain(String(secret).slice(4));
    }
  });
});
