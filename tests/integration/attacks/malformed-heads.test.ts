import { describe, expect, it } from 'vitest';
import { sendRaw } from '../support/raw-http.ts';
import { startTestAgent } from '../support/test-agent.ts';
import { FALSE_HEADERS, headOf, stopAll, UPGRADE } from './support/malformed-heads.ts';

// Newer parsers of node's refuse all of these by themselves; in the app's own runtime see tests/e2e/malformed-heads.test.ts.
describe('a request with a header that none can be', () => {
  it.each(FALSE_HEADERS)('is refused, and nothing after it is read: %s', async (_, line) => {
    const agent = await startTestAgent();
    const { status, body } = await sendRaw(agent.url, headOf(agent.url, [line]) + stopAll(agent.url));
    expect({ status, error: JSON.parse(body).error }).toEqual({ status: 400, error: 'invalid_request' });
    expect(agent.sessions.locked).toBe(false);
  });

  it('makes no WebSocket either', async () => {
    const agent = await startTestAgent();
    const head = headOf(agent.url, [...UPGRADE, 'Origin : http://evil.example'], '/api/events');
    expect((await sendRaw(agent.url, head)).status).toBe(400);
  });
});
