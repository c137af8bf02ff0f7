import { describe, expect, it, vi } from 'vitest';
import {
  AgentRefusal,
  AgentUnreachable,
  createAgentCaller,
  describeFailure,
} from '../../../../src-renderer/agent/api-client.ts';

function answering(status: number, body: unknown) {
  const fetch = vi.fn<typeof globalThis.fetch>(async () =>
    typeof body === 'string' ? new Response(body, { status }) : Response.json(body, { status }),
  );
  return { fetch, call: createAgentCaller(fetch) };
}

describe('createAgentCaller', () => {
  it('puts parameters into the path, escaped, and sends a body as JSON', async () => {
    const { fetch, call } = answering(200, {
      success: true,
      session_id: 'x',
      last_activity: '2026-01-01T00:00:00Z',
    });
    await call('heartbeat', { params: { session_id: 'remote_1/../stop_all?' } });
    expect(fetch).toHaveBeenCalledExactlyOnceWith(
      '/api/sessions/heartbeat/remote_1%2F..%2Fstop_all%3F',
      expect.objectContaining({
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json' },
      }),
    );
  });

  it('puts a query behind the path and leaves out what is undefined', async () => {
    const { fetch, call } = answering(200, { history: [], total: 0 });
    await call('history', { query: { limit: '5', offset: '10', type: undefined } });
    expect(fetch.mock.calls[0]?.[0]).toBe('/api/sessions/history?limit=5&offset=10');
  });

  it('rejects with the refusal of the agent', async () => {
    const { call } = answering(423, { success: false, error: 'locked_by_owner', message: 'Locked.' });
    const refusal = await call('startRemote', { body: {} }).catch((failure: unknown) => failure);
    expect(refusal).toBeInstanceOf(AgentRefusal);
    expect(refusal).toMatchObject({ status: 423, code: 'locked_by_owner', message: 'Locked.' });
  });

  it.each([
    ['an error page of something in between', 502, '<html>'],
    ['an answer of another shape', 200, { hello: 'world' }],
    ['an answer that is no JSON', 200, 'hello'],
  ])('takes %s for no answer', async (_, status, body) => {
    const { call } = answering(status, body);
    await expect(call('agentInfo')).rejects.toBeInstanceOf(AgentUnreachable);
  });

  it('takes a failed connection for no answer', async () => {
    const call = createAgentCaller(() => Promise.reject(new TypeError('Failed to fetch')));
    await expect(call('agentInfo')).rejects.toThrow('The agent cannot be reached.');
  });
});

describe('describeFailure', () => {
  it('shows what the agent said, and nothing of a bug', () => {
    expect(describeFailure(new AgentRefusal(404, 'session_not_found', 'No session has this id.'))).toBe(
      'No session has this id.',
    );
    expect(describeFailure(new TypeError('x is undefined'))).not.toContain('undefined');
  });
});
