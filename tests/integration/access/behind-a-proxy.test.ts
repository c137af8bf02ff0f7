import { describe, expect, it } from 'vitest';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

/** What comes through a proxy that passes requests on as they are, and runs as the agent's own user. */
const callThroughBareProxy = (agent: TestAgent) =>
  call(agent, 'POST', '/api/tokens', { name: 'stranger', role: 'admin' });

describe('an agent with further host names', () => {
  it('takes nobody for the person at the machine for being a program of their user, and says so', async () => {
    const agent = await startTestAgent({ settings: { allowedHosts: ['share.example'] } });
    expect(await callThroughBareProxy(agent)).toMatchObject({
      status: 403,
      body: { error: 'access_denied' },
    });
    expect(agent.advisories.list()).toMatchObject([
      { advisory_id: 'local_trust', level: 'info', message: expect.stringContaining('“localTrust”') },
    ]);
  });

  it.each([
    ['admin', 200],
    ['none', 403],
  ] as const)('goes by localTrust where it is said to be %s, without a word', async (localTrust, status) => {
    const agent = await startTestAgent({ settings: { allowedHosts: ['share.example'], localTrust } });
    expect((await callThroughBareProxy(agent)).status).toBe(status);
    expect(agent.advisories.list()).toEqual([]);
  });

  it('stops saying so once it is said', async () => {
    const agent = await startTestAgent({ settings: { allowedHosts: ['share.example'] } });
    const page = await fetch(`${agent.url}/?ticket=${agent.issueTicket('panel')}`, { redirect: 'manual' });
    const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const answer = await fetch(`${agent.url}/api/settings`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json' },
      body: JSON.stringify({ localTrust: 'none' }),
    });
    expect(answer.status).toBe(200);
    expect(agent.advisories.list()).toEqual([]);
  });
});
