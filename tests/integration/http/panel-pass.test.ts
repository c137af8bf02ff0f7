import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { cookieNamesOf } from '../support/cookie-names.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

/** Opens an address as a browser would before it follows the redirect. */
async function open(agent: TestAgent, path: string) {
  const response = await fetch(`${agent.url}${path}`, { redirect: 'manual' });
  await response.arrayBuffer();
  return {
    status: response.status,
    location: response.headers.get('location'),
    cookie: response.headers.get('set-cookie'),
    headers: response.headers,
  };
}

/** The `Cookie` header of a window that got in by `ticket`. */
async function swap(agent: TestAgent, ticket: string): Promise<string> {
  const { cookie } = await open(agent, `/?ticket=${ticket}`);
  return (cookie ?? '').split(';')[0] ?? '';
}

async function decideAs(agent: TestAgent, cookie: string): Promise<unknown> {
  const { body } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
  const decided = new Promise((resolve) => {
    agent.approvals.subscribe((change) => {
      if (change.change === 'decided') resolve(change.decision.by);
    });
  });
  const path = `/api/approvals/${String(body.approval_id)}/allow`;
  const response = await fetch(`${agent.url}${path}`, { method: 'POST', headers: { cookie } });
  expect(response.status).toBe(200);
  return decided;
}

describe('PanelPass', () => {
  it('swaps a ticket for a cookie that scripts cannot read, and takes the ticket out of the address', async () => {
    const agent = await startTestAgent();
    const ticket = agent.issueTicket('prompt');
    expect(ticket).toMatch(/^[\w-]{43}$/);
    const answer = await open(agent, `/prompt.html?ticket=${ticket}&approval_id=approval_1`);
    expect(answer).toMatchObject({ status: 303, location: '/prompt.html?approval_id=approval_1' });
    expect(answer.cookie).toMatch(
      new RegExp(`^${cookieNamesOf(agent).window}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`),
    );
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.cookie).not.toContain(ticket);
  });

  it.each(['panel', 'prompt'] as const)(
    'tells decisions made in the %s from those over the API',
    async (window) => {
      const agent = await startTestAgent();
      const cookie = await swap(agent, agent.issueTicket(window));
      expect(await decideAs(agent, cookie)).toBe(window);
      expect(await decideAs(agent, `other=1; ${cookie}`)).toBe(window);
      expect(await decideAs(agent, '')).toBe('api');
      expect(await decideAs(agent, `${cookieNamesOf(agent).window}=${'A'.repeat(43)}`)).toBe('api');
      expect(await decideAs(agent, `${cookieNamesOf(agent).window}=`)).toBe('api');
    },
  );

  it('says in the events who started and stopped', async () => {
    const agent = await startTestAgent();
    const events: unknown[] = [];
    agent.bus.subscribe({ onEvent: ({ event, data }) => events.push([event, data.by]) });
    const headers = { cookie: await swap(agent, agent.issueTicket('panel')) };
    await fetch(`${agent.url}/api/remote/start`, { method: 'POST', headers });
    await fetch(`${agent.url}/api/sessions/stop_all`, { method: 'POST', headers });
    await call(agent, 'POST', '/api/sessions/rearm');
    expect(events).toEqual([
      ['remote_session_started', 'panel'],
      ['locked_by_owner', 'panel'],
      ['remote_session_stopped', 'panel'],
      ['rearmed', 'api'],
    ]);
  });

  it('takes a ticket once', async () => {
    const agent = await startTestAgent();
    const ticket = agent.issueTicket('panel');
    expect((await open(agent, `/?ticket=${ticket}`)).cookie).not.toBeNull();
    expect(await open(agent, `/?ticket=${ticket}`)).toMatchObject({
      status: 303,
      location: '/',
      cookie: null,
    });
  });

  it('takes no ticket after 30 s', async () => {
    const clock = new ManualClock();
    const agent = await startTestAgent({ clock });
    const [early, late] = [agent.issueTicket('panel'), agent.issueTicket('panel')];
    clock.advance(29_999);
    expect((await open(agent, `/?ticket=${early}`)).cookie).not.toBeNull();
    clock.advance(1);
    expect((await open(agent, `/?ticket=${late}`)).cookie).toBeNull();
  });

  it.each(['', 'A', 'A'.repeat(43), '%00', `${'A'.repeat(43)}&ticket=x`])(
    'takes no made-up ticket %j',
    async (made) => {
      const agent = await startTestAgent();
      agent.issueTicket('panel');
      expect(await open(agent, `/?ticket=${made}`)).toMatchObject({
        status: 303,
        location: '/',
        cookie: null,
      });
    },
  );

  it('takes tickets at the pages only, and never leads elsewhere', async () => {
    const agent = await startTestAgent();
    const ticket = agent.issueTicket('panel');
    for (const path of ['//evil.example/', '/api/agent', '/stream/screen_00000000', '/assets/x.js']) {
      const answer = await open(agent, `${path}?ticket=${ticket}`);
      expect(answer).toMatchObject({ location: null, cookie: null });
    }
    expect((await open(agent, `/?ticket=${ticket}`)).cookie).not.toBeNull();
  });

  it('gives a window the same cookie each time, and other windows another one', async () => {
    const agent = await startTestAgent();
    const first = await swap(agent, agent.issueTicket('panel'));
    expect(await swap(agent, agent.issueTicket('panel'))).toBe(first);
    expect(await swap(agent, agent.issueTicket('prompt'))).not.toBe(first);
  });

  it('lets notifications be quiet about what is done in the own windows', async () => {
    const agent = await startTestAgent({ settings: { notifications: 'others' } });
    const headers = { cookie: await swap(agent, agent.issueTicket('panel')) };
    await fetch(`${agent.url}/api/remote/start`, { method: 'POST', headers });
    expect(agent.notifier.shown).toEqual([]);
    await call(agent, 'POST', '/api/remote/start');
    expect(agent.notifier.shown).toHaveLength(1);
  });
});
