import { describe, expect, it } from 'vitest';
import { startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { GUEST_HEADERS, makeToken, startShare } from './support/callers.ts';

/** A browser's cookies of one host. They know no ports (RFC 6265, section 8.5), so all agents at this host share them. */
class CookieJar {
  readonly #cookies = new Map<string, string>();

  get size(): number {
    return this.#cookies.size;
  }

  /** Calls an agent as a browser on another machine would, through something that forwards what it says. */
  async call(agent: TestAgent, method: string, target: string, more: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...GUEST_HEADERS, 'content-type': 'application/json', cookie, ...more.headers };
    const response = await fetch(`${agent.url}${target}`, { ...more, method, headers });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }
}

async function logIn(jar: CookieJar, agent: TestAgent): Promise<void> {
  const { secret } = await makeToken(agent, 'admin');
  const answer = await jar.call(agent, 'POST', '/api/login', {
    headers: { authorization: `Bearer ${secret}` },
  });
  expect(answer.status).toBe(200);
}

const mayList = async (jar: CookieJar, agent: TestAgent): Promise<boolean> =>
  (await jar.call(agent, 'GET', '/api/tokens')).ok;

describe('two agents on one host, in one browser', () => {
  it('keep their logins apart', async () => {
    const [one, other] = [await startTestAgent(), await startTestAgent()];
    const jar = new CookieJar();
    await logIn(jar, one);
    expect(await mayList(jar, other)).toBe(false);
    await logIn(jar, other);
    expect([await mayList(jar, one), await mayList(jar, other)]).toEqual([true, true]);
    await jar.call(other, 'POST', '/api/logout');
    expect([await mayList(jar, one), await mayList(jar, other)]).toEqual([true, false]);
  });

  it('keep apart whom they let watch', async () => {
    const agents = [await startTestAgent(), await startTestAgent()];
    const shares = await Promise.all(agents.map(startShare));
    const jar = new CookieJar();
    for (const [at, agent] of agents.entries()) {
      await jar.call(agent, 'POST', '/api/viewers/ask', { body: JSON.stringify({ session_id: shares[at] }) });
      for (const { approval_id } of agent.approvals.list())
        agent.approvals.decide(approval_id, 'allowed', 'panel');
    }
    for (const [at, agent] of agents.entries()) {
      const answer = await jar.call(agent, 'GET', `/api/viewers/ask?session_id=${shares[at]}`);
      expect(await answer.json()).toMatchObject({ status: 'approved' });
    }
  });

  it('leave nothing more behind with each start', async () => {
    const first = await startTestAgent();
    const jar = new CookieJar();
    await logIn(jar, first);
    await first.close('Test restarts it');
    const again = await startTestAgent({ folder: first.folder });
    expect(await mayList(jar, again)).toBe(false);
    await logIn(jar, again);
    expect(jar.size).toBe(1);
  });
});
