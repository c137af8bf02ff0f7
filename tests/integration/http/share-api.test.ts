import { describe, expect, it } from 'vitest';
import { bearer, makeToken, sendWith } from '../access/support/callers.ts';
import { EventClient } from '../support/event-client.ts';
import { call, startTestAgent } from '../support/test-agent.ts';

const WINDOW = 'window:7:0';

describe('what can be shared', () => {
  it('is listed with pictures from an address of ours', async () => {
    const agent = await startTestAgent();
    const { body } = await call(agent, 'GET', '/api/screen_share/sources');
    expect(body).toMatchObject({ total: 2, sources: [{ id: 'screen:1:0' }, { id: WINDOW, name: 'Editor' }] });
    const [, { thumbnail_url }] = body.sources as [unknown, { thumbnail_url: string }];
    const picture = await fetch(`${agent.url}${thumbnail_url}`);
    expect(picture.status).toBe(200);
    expect(picture.headers.get('content-type')).toBe('image/jpeg');
    expect(picture.headers.get('cache-control')).toBe('no-store');
    expect(await picture.text()).toBe(WINDOW);
  });

  it('can be named in a start, and is shown in the status and the history', async () => {
    const agent = await startTestAgent();
    const started = await call(agent, 'POST', '/api/screen_share/start', { source_id: WINDOW });
    expect(started).toMatchObject({ status: 200, body: { status: 'active' } });
    expect(agent.screen.captures.at(-1)?.request).toEqual({ sourceId: WINDOW, quality: 'medium' });
    const { session_id } = started.body;
    const source = { id: WINDOW, name: 'Editor', kind: 'window' };
    const status = await call(agent, 'GET', `/api/screen_share/status/${session_id}`);
    expect(status.body).toMatchObject({ source, paused: false, cursor: true });
    await call(agent, 'POST', '/api/screen_share/stop', { session_id });
    const history = await call(agent, 'GET', '/api/sessions/history');
    expect(history.body.history).toMatchObject([{ session_id, source }]);
  });

  it('starts nothing if it is not there (any more), or is no id at all', async () => {
    const agent = await startTestAgent();
    expect(await call(agent, 'POST', '/api/screen_share/start', { source_id: 'window:8:0' })).toMatchObject({
      status: 404,
      body: { error: 'source_not_found' },
    });
    expect(await call(agent, 'POST', '/api/screen_share/start', { source_id: '../x' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_request', message: expect.stringContaining('source_id') },
    });
    expect((await call(agent, 'GET', '/api/sessions/active')).body.total).toBe(0);
    expect(agent.screen.captures).toHaveLength(0);
  });
});

describe('a share that is changed while it is watched', () => {
  it('shows the new source and quality to the same viewers, and tells everybody', async () => {
    const agent = await startTestAgent();
    const { session_id } = (await call(agent, 'POST', '/api/screen_share/start', {})).body;
    const watching = await fetch(`${agent.url}/stream/${session_id}`);
    const events = await EventClient.connect(agent);
    const update = `/api/screen_share/update/${session_id}`;
    expect(await call(agent, 'POST', update, { quality: 'low', source_id: WINDOW })).toEqual({
      status: 200,
      body: {
        success: true,
        session_id,
        quality: 'low',
        source: { id: WINDOW, name: 'Editor', kind: 'window' },
        paused: false,
        cursor: true,
      },
    });
    await events.until(() => events.events.some(({ event }) => event === 'screen_share_updated'));
    expect(events.events.at(-1)?.data).toMatchObject({ session_id, quality: 'low', paused: false });
    const [before, after] = agent.screen.captures;
    expect(before?.closed).toBe(true);
    expect(after).toMatchObject({
      request: { sourceId: WINDOW, quality: 'low' },
      demand: 'watched',
      closed: false,
    });

    await call(agent, 'POST', update, { paused: true });
    expect(after?.closed).toBe(true);
    const status = await call(agent, 'GET', `/api/screen_share/status/${session_id}`);
    expect(status.body).toMatchObject({ paused: true, capture: { state: 'paused' }, viewers: 1 });
    await call(agent, 'POST', update, { quality: 'medium' });
    expect(agent.screen.captures).toHaveLength(2);
    await call(agent, 'POST', update, { paused: false });
    expect(agent.screen.captures.at(-1)?.request).toEqual({ sourceId: WINDOW, quality: 'medium' });
    await watching.body?.cancel();
  });

  it('keeps its cursor, which no platform lets us leave out', async () => {
    const agent = await startTestAgent();
    const { session_id } = (await call(agent, 'POST', '/api/screen_share/start', {})).body;
    const update = `/api/screen_share/update/${session_id}`;
    expect((await call(agent, 'POST', update, { cursor: true })).status).toBe(200);
    expect(await call(agent, 'POST', update, { cursor: false, paused: true })).toMatchObject({
      status: 409,
      body: { error: 'cursor_always_shown' },
    });
    expect((await call(agent, 'GET', `/api/screen_share/status/${session_id}`)).body.paused).toBe(false);
  });

  it('is shown no wider by an operator than the person allowed', async () => {
    const agent = await startTestAgent();
    const operator = sendWith(agent, bearer((await makeToken(agent, 'operator')).secret));
    const post = async (target: string, body: object) =>
      (await operator([{ method: 'POST', target, body: JSON.stringify(body) }]))[0];
    const asked = await post('/api/screen_share/start', { source_id: WINDOW });
    expect(asked?.body).toMatchObject({ status: 'pending_approval' });
    const [request] = (await call(agent, 'GET', '/api/approvals')).body.approvals as {
      approval_id: string;
      summary: string;
    }[];
    expect(request?.summary).toBe('Share the window “Editor” in medium quality');
    await call(agent, 'POST', `/api/approvals/${request?.approval_id}/allow`);

    const update = `/api/screen_share/update/${asked?.body.session_id}`;
    expect(await post(update, { quality: 'high' })).toMatchObject({ status: 403, error: 'beyond_grant' });
    // The same for a window that is there and one that is not: it learns nothing of either.
    for (const source_id of ['screen:1:0', 'window:9:0'])
      expect(await post(update, { source_id })).toMatchObject({ status: 403, error: 'beyond_grant' });
    expect(await post(update, { paused: true })).toMatchObject({ status: 200, body: { paused: true } });
    expect(await post(update, { paused: false })).toMatchObject({ status: 200, body: { paused: false } });
    await call(agent, 'POST', update, { paused: true });
    expect(await post(update, { paused: false })).toMatchObject({ status: 403, error: 'beyond_grant' });
    await call(agent, 'POST', update, { source_id: 'screen:1:0', paused: false });
    expect((await call(agent, 'POST', update, {})).body).toMatchObject({ source: { id: 'screen:1:0' } });
  });
});
