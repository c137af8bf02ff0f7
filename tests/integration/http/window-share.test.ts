import { describe, expect, it } from 'vitest';
import type { WindowSight } from '../../../src-main/stream/screen-source.ts';
import { bearer, makeToken, sendWith } from '../access/support/callers.ts';
import { EventClient } from '../support/event-client.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

const WINDOW = 'window:7:0';

async function startWindowShare(agent: TestAgent): Promise<string> {
  const { body } = await call(agent, 'POST', '/api/screen_share/start', { source_id: WINDOW });
  return String(body.session_id);
}

function tellSight(agent: TestAgent, sight: WindowSight): void {
  for (const listener of [...(agent.screen.sights.get(WINDOW) ?? [])]) listener(sight);
}

const watchers = (agent: TestAgent): number => agent.screen.sights.get(WINDOW)?.size ?? 0;

describe('a share of a window', () => {
  it('ends when the window is closed: in the stream, to everybody who listens, and in the history', async () => {
    const agent = await startTestAgent();
    const session_id = await startWindowShare(agent);
    const events = await EventClient.connect(agent);
    const stream = await fetch(`${agent.url}/stream/${session_id}`);
    agent.screen.captures.at(-1)?.observer.onStatus({
      state: 'gone',
      message: 'The shared window was closed.',
    });
    // Reads to the end, which has to come by itself; the slate is in it.
    expect((await stream.bytes()).length).toBeGreaterThan(2000);
    await events.until(() => events.events.some(({ event }) => event === 'screen_share_stopped'));
    expect(events.events.at(-1)?.data).toMatchObject({
      session_id,
      reason: 'The shared window was closed',
      by: 'agent',
    });
    const { body } = await call(agent, 'GET', `/api/screen_share/status/${session_id}`);
    expect(body).toMatchObject({ status: 'stopped', stop_reason: 'The shared window was closed' });
    expect(agent.screen.captures).toHaveLength(1);
  });

  it('tells that its window is minimised, and goes on', async () => {
    const agent = await startTestAgent();
    const session_id = await startWindowShare(agent);
    const message = 'The shared window is minimised.';
    agent.screen.captures.at(-1)?.observer.onStatus({ state: 'hidden', message });
    const { body } = await call(agent, 'GET', `/api/screen_share/status/${session_id}`);
    expect(body).toMatchObject({ status: 'active', capture: { state: 'hidden', message } });
  });

  it('ends if the window goes away while it is paused, and cannot show another of the same id', async () => {
    const agent = await startTestAgent();
    const session_id = await startWindowShare(agent);
    expect(watchers(agent)).toBe(0);
    await call(agent, 'POST', `/api/screen_share/update/${session_id}`, { paused: true });
    expect(watchers(agent)).toBe(1);
    tellSight(agent, 'hidden');
    expect(watchers(agent)).toBe(0);
    expect(
      await call(agent, 'POST', `/api/screen_share/update/${session_id}`, { paused: false }),
    ).toMatchObject({ status: 409, body: { error: 'session_ended' } });
    const { body } = await call(agent, 'GET', `/api/screen_share/status/${session_id}`);
    expect(body.stop_reason).toBe('The window was closed or minimised before it could be shown again');
  });

  it('stays if the window is on another workspace while it is paused', async () => {
    const agent = await startTestAgent();
    const session_id = await startWindowShare(agent);
    await call(agent, 'POST', `/api/screen_share/update/${session_id}`, { paused: true });
    tellSight(agent, 'elsewhere');
    const resumed = await call(agent, 'POST', `/api/screen_share/update/${session_id}`, { paused: false });
    expect(resumed.status).toBe(200);
  });

  it('is watched no more once it is resumed or shows something else', async () => {
    const agent = await startTestAgent();
    const update = `/api/screen_share/update/${await startWindowShare(agent)}`;
    await call(agent, 'POST', update, { paused: true });
    await call(agent, 'POST', update, { paused: false });
    expect(watchers(agent)).toBe(0);
    await call(agent, 'POST', update, { paused: true });
    await call(agent, 'POST', update, { source_id: 'screen:1:0' });
    expect(watchers(agent)).toBe(0);
  });

  it('ends if the window goes away before it is approved', async () => {
    const agent = await startTestAgent();
    const operator = sendWith(agent, bearer((await makeToken(agent, 'operator')).secret));
    const body = JSON.stringify({ source_id: WINDOW });
    const [asked] = await operator([{ method: 'POST', target: '/api/screen_share/start', body }]);
    tellSight(agent, 'hidden');
    expect((await call(agent, 'GET', '/api/approvals')).body.total).toBe(0);
    const status = await call(agent, 'GET', `/api/screen_share/status/${asked?.body.session_id}`);
    expect(status.body.status).toBe('stopped');
    expect(agent.screen.captures).toHaveLength(0);
  });
});
