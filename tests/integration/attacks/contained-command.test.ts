import { describe, expect, it } from 'vitest';
import {
  bearer,
  makeToken,
  makeViewKey,
  type Sent,
  sendFromCommand,
  startShare,
} from '../access/support/callers.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

/** What a command would ask for to get out of what it was given. */
async function temptations(agent: TestAgent): Promise<{ requests: Sent[]; share: string }> {
  const share = await startShare(agent);
  const { body } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
  const post = (target: string, content: object = {}): Sent => ({
    method: 'POST',
    target,
    body: JSON.stringify(content),
  });
  return {
    share,
    requests: [
      post(`/api/remote/approve/${body.session_id}`),
      post(`/api/approvals/${body.approval_id}/allow`),
      post('/api/tokens', { name: 'mine', role: 'admin' }),
      post('/api/sessions/rearm'),
      post('/api/sessions/stop_all'),
      post('/api/remote/start', { safety_mode: 'supervised' }),
      post('/api/screen_share/start'),
      post(`/api/screen_share/${share}/keys`),
      post('/api/login'),
      { method: 'GET', target: '/api/approvals' },
      { method: 'GET', target: '/api/tokens' },
      { method: 'GET', target: '/api/sessions/history' },
    ],
  };
}

const isSafe = ({ error }: { error: string | null }): boolean => error === 'access_denied';

// The ways in which a command could shake off that it is one.
const DISGUISES: Record<string, (argv: string[]) => object> = {
  'as it is': (argv) => ({ operation: 'run', argv }),
  'in a session of its own (setsid)': (argv) => ({ operation: 'run', argv: ['setsid', '--wait', ...argv] }),
  'without any environment': (argv) => ({ operation: 'run', argv: ['env', '-i', ...argv] }),
  'as a grandchild whose parent has gone': (argv) => ({
    operation: 'run',
    argv: [
      'sh',
      '-c',
      // What makes the requests is orphaned at once; the command itself only waits until it is done.
      'f=$(mktemp -u); (setsid env -i sh -c \'"$@"; : > "$0"\' "$f" "$@" &); ' +
        'while [ ! -e "$f" ]; do sleep 0.05; done; rm "$f"',
      'sh',
      ...argv,
    ],
  }),
};

describe.runIf(process.platform === 'linux')('a command that a session runs', () => {
  it.each(Object.entries(DISGUISES))('gets out of nothing: %s', async (_, disguise) => {
    const agent = await startTestAgent();
    const { requests } = await temptations(agent);
    const { sessionId, sendAll } = await sendFromCommand(agent, disguise);
    const outcomes = await sendAll([
      ...requests,
      { method: 'GET', target: `/api/remote/status/${sessionId}` },
    ]);
    expect(outcomes.slice(0, -1).filter((outcome) => !isSafe(outcome))).toEqual([]);
    // Its own session it may know of.
    expect(outcomes.at(-1)).toMatchObject({ status: 200 });
    expect(agent.approvals.list()).toHaveLength(1);
    expect(agent.sessions.locked).toBe(false);
  });

  it('gets no more by secrets that it finds on the machine', async () => {
    const agent = await startTestAgent();
    const { requests, share } = await temptations(agent);
    const admin = await makeToken(agent, 'admin');
    const key = await makeViewKey(agent, share);
    const page = await fetch(`${agent.url}/?ticket=${agent.issueTicket('panel')}`, { redirect: 'manual' });
    const cookie = (page.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const { sendAll } = await sendFromCommand(agent);
    for (const headers of [bearer(admin.secret), { cookie }]) {
      const outcomes = await sendAll(requests.map((request) => ({ ...request, headers })));
      expect(outcomes.filter((outcome) => !isSafe(outcome))).toEqual([]);
    }
    const [stream] = await sendAll([{ method: 'GET', target: `/stream/${share}?key=${key.secret}` }]);
    expect(stream).toMatchObject({ error: 'session_not_found' });
    const [status] = await sendAll([{ method: 'GET', target: `/api/screen_share/status/${share}` }]);
    expect(status).toMatchObject({ error: 'session_not_found' });
  });

  it('gets a ticket for no window', async () => {
    const agent = await startTestAgent();
    const { sendAll } = await sendFromCommand(agent);
    const ticket = agent.issueTicket('panel');
    const [taken] = await sendAll([{ method: 'GET', target: `/?ticket=${ticket}` }]);
    expect(taken?.status).toBe(404);
    // It is still good for the window that it was made for.
    const answer = await fetch(`${agent.url}/?ticket=${ticket}`, { redirect: 'manual' });
    expect(answer.headers.get('set-cookie')).not.toBeNull();
  });

  it('is told apart from others that call at the same time', async () => {
    const agent = await startTestAgent();
    const { sendAll } = await sendFromCommand(agent);
    const inside = sendAll(Array.from({ length: 20 }, () => ({ method: 'GET', target: '/api/tokens' })));
    const outside: number[] = [];
    for (let count = 0; count < 20; count += 1) {
      const answer = await fetch(`${agent.url}/api/tokens`, { headers: { connection: 'close' } });
      outside.push(answer.status);
    }
    expect(new Set(outside)).toEqual(new Set([200]));
    expect(new Set((await inside).map(({ status }) => status))).toEqual(new Set([403]));
  });
});
