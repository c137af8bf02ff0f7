import { describe, expect, it } from 'vitest';
import { call, startTestAgent } from '../support/test-agent.ts';

describe('remote access', () => {
  it('starts active in supervised and read_only mode and answers as the contract says', async () => {
    const agent = await startTestAgent();
    for (const safety_mode of ['supervised', 'read_only']) {
      const started = await call(agent, 'POST', '/api/remote/start', { user_id: 'grace', safety_mode });
      expect(started).toMatchObject({
        status: 200,
        body: { success: true, status: 'active', requires_approval: false },
      });
      expect(started.body.session_id).toMatch(/^remote_[0-9a-f]{8}$/);
      const status = await call(agent, 'GET', `/api/remote/status/${started.body.session_id}`);
      expect(status.body).toMatchObject({
        session_id: started.body.session_id,
        status: 'active',
        type: 'remote_access',
        user_id: 'grace',
        safety_mode,
        commands_executed: 0,
      });
      expect(status.body.started_at).toMatch(/Z$/);
    }
  });

  it('takes an empty body for the defaults, with and without a content type', async () => {
    const agent = await startTestAgent();
    const started = await call(agent, 'POST', '/api/remote/start');
    const status = await call(agent, 'GET', `/api/remote/status/${started.body.session_id}`);
    expect(status.body).toMatchObject({ user_id: 'user', safety_mode: 'supervised' });
  });

  it('waits for approval in autonomous mode, then is active', async () => {
    const agent = await startTestAgent();
    const started = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    expect(started.body).toMatchObject({ status: 'pending_approval', requires_approval: true });
    const pending = await call(agent, 'GET', `/api/remote/status/${started.body.session_id}`);
    expect(pending.body.expires_at).toMatch(/Z$/);
    expect(await call(agent, 'GET', '/api/approvals')).toMatchObject({ body: { total: 1 } });
    const approved = await call(agent, 'POST', `/api/remote/approve/${started.body.session_id}`);
    expect(approved).toEqual({
      status: 200,
      body: { success: true, session_id: started.body.session_id, status: 'active' },
    });
    const again = await call(agent, 'POST', `/api/remote/approve/${started.body.session_id}`);
    expect(again).toMatchObject({ status: 409, body: { success: false, error: 'session_not_pending' } });
  });

  it('records a denied session with the reason', async () => {
    const agent = await startTestAgent();
    const { body } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    const denied = await call(agent, 'POST', `/api/remote/deny/${body.session_id}`, { reason: 'not now' });
    expect(denied.body).toEqual({ success: true, session_id: body.session_id, status: 'denied' });
    const history = await call(agent, 'GET', '/api/sessions/history');
    expect(history.body).toMatchObject({ total: 1, history: [{ status: 'denied', stop_reason: 'not now' }] });
  });

  it('denies at once and says why where nobody can be asked', async () => {
    const agent = await startTestAgent({ canPrompt: () => false });
    const refused = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    expect(refused).toMatchObject({ status: 503, body: { error: 'no_place_to_ask' } });
    expect(await call(agent, 'GET', '/api/sessions/active')).toMatchObject({ body: { total: 0 } });
    expect(await call(agent, 'GET', '/api/sessions/history')).toMatchObject({
      body: { history: [{ status: 'denied' }] },
    });
  });

  it('answers a retried stop with the archived result', async () => {
    const agent = await startTestAgent();
    const { body } = await call(agent, 'POST', '/api/remote/start', {});
    const first = await call(agent, 'POST', `/api/remote/stop/${body.session_id}`, { reason: 'done' });
    expect(first.body).toMatchObject({ success: true, status: 'stopped', commands_executed: 0 });
    const second = await call(agent, 'POST', `/api/remote/stop/${body.session_id}`);
    expect(second).toEqual({ status: 200, body: { ...first.body, already_ended: true } });
  });
});

describe('screen share', () => {
  it('starts, counts and stops', async () => {
    const agent = await startTestAgent();
    const started = await call(agent, 'POST', '/api/screen_share/start', { quality: 'low' });
    expect(started).toEqual({
      status: 200,
      body: {
        success: true,
        session_id: started.body.session_id,
        status: 'active',
        stream_url: `/stream/${started.body.session_id}`,
        quality: 'low',
      },
    });
    expect(started.body.session_id).toMatch(/^screen_[0-9a-f]{8}$/);
    const [capture] = agent.screen.captures;
    const frame = { jpeg: Buffer.from('jpeg'), widthPx: 640, heightPx: 360, capturedAtMs: performance.now() };
    capture?.observer.onFrame(frame);
    const status = await call(agent, 'GET', `/api/screen_share/status/${started.body.session_id}`);
    expect(status.body).toMatchObject({
      frames_captured: 1,
      frame_size: { width: 640, height: 360 },
      viewers: 0,
    });
    const stopped = await call(agent, 'POST', '/api/screen_share/stop', {
      session_id: started.body.session_id,
    });
    expect(stopped.body).toMatchObject({ success: true, status: 'stopped', frames_captured: 1 });
    expect(capture?.closed).toBe(true);
  });

  it('refuses without a screen and leaves nothing behind', async () => {
    const agent = await startTestAgent();
    agent.screen.available = false;
    const refused = await call(agent, 'POST', '/api/screen_share/start', {});
    expect(refused).toMatchObject({ status: 503, body: { error: 'no_screen' } });
    expect(await call(agent, 'GET', '/api/sessions/active')).toMatchObject({ body: { total: 0 } });
    expect(await call(agent, 'GET', '/api/sessions/history')).toMatchObject({ body: { total: 0 } });
  });

  it('does not find sessions of the other type', async () => {
    const agent = await startTestAgent();
    const { body } = await call(agent, 'POST', '/api/remote/start', {});
    expect(await call(agent, 'GET', `/api/screen_share/status/${body.session_id}`)).toMatchObject({
      status: 404,
    });
    expect(
      await call(agent, 'POST', '/api/screen_share/stop', { session_id: body.session_id }),
    ).toMatchObject({
      status: 404,
      body: { error: 'session_not_found' },
    });
  });
});

describe('owner lock', () => {
  it('ends everything, refuses starts until re-armed, and survives a restart', async () => {
    const agent = await startTestAgent();
    await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    await call(agent, 'POST', '/api/screen_share/start', {});
    const stopped = await call(agent, 'POST', '/api/sessions/stop_all');
    expect(stopped.body).toMatchObject({ success: true, count: 2, locked: true });
    expect(await call(agent, 'POST', '/api/remote/start', {})).toMatchObject({
      status: 423,
      body: { error: 'locked_by_owner' },
    });
    await agent.close('restart');
    const again = await startTestAgent({ folder: agent.folder });
    expect(await call(again, 'POST', '/api/screen_share/start', {})).toMatchObject({ status: 423 });
    expect(await call(again, 'POST', '/api/sessions/rearm')).toMatchObject({ body: { locked: false } });
    expect(await call(again, 'POST', '/api/remote/start', {})).toMatchObject({ status: 200 });
  });
});

describe('bad input', () => {
  it.each([
    ['POST', '/api/remote/start', { safety_mode: 'yolo' }, 400, 'safety_mode'],
    ['POST', '/api/remote/start', { user_id: 7 }, 400, 'user_id'],
    ['POST', '/api/remote/start', { user_id: 'x'.repeat(201) }, 400, 'user_id'],
    ['POST', '/api/remote/start', { surprise: 1 }, 400, 'surprise'],
    ['POST', '/api/remote/start', { metadata: [] }, 400, 'metadata'],
    ['POST', '/api/remote/start', { metadata: { a: 'x'.repeat(17_000) } }, 400, 'metadata'],
    ['POST', '/api/remote/start', [], 400, 'body'],
    ['POST', '/api/screen_share/start', { quality: 'ultra' }, 400, 'quality'],
    ['POST', '/api/screen_share/stop', {}, 400, 'session_id'],
    ['POST', '/api/sessions/check_dropped?timeout_minutes=0', undefined, 400, 'timeout_minutes'],
    ['POST', '/api/sessions/check_dropped?timeout_minutes=-1', undefined, 400, 'timeout_minutes'],
    ['POST', '/api/sessions/check_dropped?timeout_minutes=abc', undefined, 400, 'timeout_minutes'],
    ['POST', '/api/sessions/check_dropped?timeout_minutes=1e9', undefined, 400, 'timeout_minutes'],
    ['GET', '/api/sessions/history?limit=0', undefined, 400, 'limit'],
    ['GET', '/api/sessions/history?limit=-1', undefined, 400, 'limit'],
    ['GET', '/api/sessions/history?limit=abc', undefined, 400, 'limit'],
    ['GET', '/api/sessions/history?limit=1e9', undefined, 400, 'limit'],
    ['GET', '/api/sessions/history?limit=5&limit=6', undefined, 400, 'limit'],
    ['GET', '/api/remote/status/remote_00000000', undefined, 404, 'id'],
    ['GET', '/api/remote/status/..%2f..%2fetc', undefined, 404, 'id'],
    ['GET', '/api/remote/status/%zz', undefined, 400, 'malformed'],
    ['GET', '/stream/screen_00000000', undefined, 404, 'id'],
    ['GET', '/api/remote/start', undefined, 405, 'POST'],
    ['DELETE', '/api/sessions/active', undefined, 405, 'GET'],
    ['GET', '/nowhere', undefined, 404, 'nothing'],
  ])('%s %s answers %#', async (method, path, body, status, named) => {
    const agent = await startTestAgent();
    const answer = await call(agent, method, path, body);
    expect(answer.body).toMatchObject({ success: false, message: expect.stringContaining(named) });
    expect(answer.status).toBe(status);
    expect(await call(agent, 'GET', '/api/sessions/active')).toMatchObject({ body: { total: 0 } });
  });

  it.each([
    ['text/plain', '{}', 415],
    ['application/x-www-form-urlencoded', 'user_id=a', 415],
    ['application/json; charset=utf-16', '{}', 415],
    ['application/json', '{"user_id":', 400],
    ['application/json', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['application/json', JSON.stringify({ user_id: 'x'.repeat(70_000) }), 413],
  ])('refuses a body of %s (%#)', async (type, body, status) => {
    const agent = await startTestAgent();
    const response = await fetch(`${agent.url}/api/remote/start`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ success: false });
  });
});
