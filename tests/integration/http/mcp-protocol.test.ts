import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../../fakes/manual-clock.ts';
import {
  INITIALIZE,
  initializeMcp,
  messagesOf,
  postMcp,
  rpc,
  type WireMessage,
} from '../support/mcp-wire.ts';
import { sendRaw } from '../support/raw-http.ts';
import { startTestAgent, type TestAgent } from '../support/test-agent.ts';

async function connect(agent: TestAgent) {
  const headers = { 'mcp-session-id': await initializeMcp(agent) };
  const post = (body: unknown, more: Record<string, string> = {}) =>
    postMcp(agent, body, { headers: { ...headers, ...more } });
  const ask = async (message: object): Promise<WireMessage | undefined> =>
    (await messagesOf(await post(rpc(message)))).at(-1);
  return { headers, post, ask };
}

const PING = rpc({ id: 1, method: 'ping' });

describe('MCP endpoint, with clients of every kind', () => {
  it('agrees on a version of the protocol', async () => {
    const agent = await startTestAgent();
    for (const [asked, agreed] of [
      ['2025-11-25', '2025-11-25'],
      ['2025-06-18', '2025-06-18'],
      ['2025-03-26', '2025-03-26'],
      ['2024-11-05', '2024-11-05'],
      ['2099-01-01', '2025-11-25'],
      ['1.0', '2025-11-25'],
    ]) {
      const params = { ...INITIALIZE.params, protocolVersion: asked };
      const [answer] = await messagesOf(await postMcp(agent, rpc({ ...INITIALIZE, id: 0, params })));
      expect(answer?.result, asked).toMatchObject({ protocolVersion: agreed });
    }
    const { post } = await connect(agent);
    expect((await post(PING)).status).toBe(200);
    expect((await post(PING, { 'mcp-protocol-version': '2025-06-18' })).status).toBe(200);
    const unknown = await post(PING, { 'mcp-protocol-version': '2099-01-01' });
    expect(unknown.status).toBe(400);
    expect(await unknown.json()).toMatchObject({ message: expect.stringContaining('2025-11-25') });
  });

  it('answers whoever says nothing of what it takes, and whoever takes no streams', async () => {
    const agent = await startTestAgent();
    const { headers } = await connect(agent);
    const { port } = new URL(agent.url);
    const bare = async (accept: string | null): Promise<string> => {
      const body = JSON.stringify(PING);
      const lines = [
        'POST /mcp HTTP/1.1',
        `Host: 127.0.0.1:${port}`,
        'Connection: close',
        'Content-Type: application/json',
        `Mcp-Session-Id: ${headers['mcp-session-id']}`,
        `Content-Length: ${body.length}`,
        ...(accept === null ? [] : [`Accept: ${accept}`]),
      ];
      const { status, head } = await sendRaw(agent.url, `${lines.join('\r\n')}\r\n\r\n${body}`);
      return `${status} ${/^content-type: ([^;\r]*)/im.exec(head)?.[1]}`;
    };
    for (const accept of [null, '*/*', 'text/event-stream', 'application/json,text/event-stream;q=0.5']) {
      expect(await bare(accept), String(accept)).toBe('200 text/event-stream');
    }
    for (const accept of ['application/json', 'application/json, application/mcp+json']) {
      expect(await bare(accept), accept).toBe('200 application/json');
    }
  });

  it('answers in JSON what it would have streamed, batches and failures too', async () => {
    const agent = await startTestAgent();
    const { post } = await connect(agent);
    const asJson = async (body: unknown) => (await post(body, { accept: 'application/json' })).json();
    expect(await asJson(PING)).toEqual({ jsonrpc: '2.0', id: 1, result: {} });
    expect(await asJson([PING, rpc({ id: 2, method: 'ping' })])).toHaveLength(2);
    expect(await asJson(rpc({ id: 3, method: 'no/such' }))).toMatchObject({ error: { code: -32_601 } });
    const hello = await postMcp(agent, rpc({ id: 0, ...INITIALIZE }), {
      headers: { accept: 'application/json' },
    });
    expect(hello.headers.get('mcp-session-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('sends whoever it does not know to initialize anew', async () => {
    const first = await startTestAgent();
    const { headers } = await connect(first);
    const second = await startTestAgent();
    for (const method of ['POST', 'GET', 'DELETE']) {
      const answer = await fetch(`${second.url}/mcp`, {
        method,
        headers: { ...headers, 'content-type': 'application/json', accept: 'text/event-stream' },
        ...(method === 'POST' ? { body: JSON.stringify(PING) } : {}),
      });
      expect(answer.status, method).toBe(404);
      expect(await answer.json()).toMatchObject({ message: expect.stringContaining('initialize anew') });
    }
    expect((await postMcp(second, PING)).status).toBe(400);
  });

  it('is left by DELETE, once', async () => {
    const agent = await startTestAgent();
    const { headers, post } = await connect(agent);
    const leave = async (named: object) =>
      (await fetch(`${agent.url}/mcp`, { method: 'DELETE', headers: { ...named } })).status;
    expect(await leave({})).toBe(400);
    expect(await leave(headers)).toBe(200);
    expect(await leave(headers)).toBe(404);
    expect((await post(PING)).status).toBe(404);
  });

  it('answers batches, each call with its own id', async () => {
    const agent = await startTestAgent();
    const { post } = await connect(agent);
    const batch = [
      rpc({ id: 'a', method: 'ping' }),
      rpc({ method: 'notifications/initialized' }),
      rpc({ id: 'b', method: 'tools/list' }),
      rpc({ id: 'c', method: 'no/such' }),
    ];
    const answers = await messagesOf(await post(batch));
    expect(answers.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c']);
    expect((await post([])).status).toBe(400);
    expect((await post([rpc({ method: 'notifications/initialized' })])).status).toBe(202);
    expect((await post(Array(101).fill(PING))).status).toBe(400);
  });

  it('refuses other origins, other methods and what is no JSON', async () => {
    const agent = await startTestAgent();
    const { headers, post } = await connect(agent);
    expect((await post(PING, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(PING, { origin: 'null' })).status).toBe(403);
    expect((await post(PING, { origin: agent.url })).status).toBe(200);
    for (const type of [
      'application/json; charset=utf-8',
      'application/json;charset=UTF-8',
      'Application/JSON',
    ]) {
      expect((await post(PING, { 'content-type': type })).status, type).toBe(200);
    }
    for (const type of [
      'text/plain',
      'application/json; charset=utf-16',
      'application/x-www-form-urlencoded',
    ]) {
      expect((await post(PING, { 'content-type': type })).status, type).toBe(415);
    }
    for (const method of ['HEAD', 'OPTIONS', 'PUT', 'PATCH']) {
      const answer = await fetch(`${agent.url}/mcp`, { method, headers });
      expect(answer.status, method).toBe(405);
      expect(answer.headers.get('allow'), method).toBe('GET, POST, DELETE');
    }
    for (const body of [
      '',
      'nonsense',
      '{',
      '[{}]',
      '"text"',
      'null',
      '12',
      '{"jsonrpc":"1.0","id":1,"method":"ping"}',
    ]) {
      expect((await post(body)).status, body).toBe(400);
    }
    expect((await post(PING)).status).toBe(200);
  });

  it('hands ids back as they came, and takes none that it could not', async () => {
    const agent = await startTestAgent();
    const { post, ask } = await connect(agent);
    for (const id of [0, -1, Number.MAX_SAFE_INTEGER, '', 'é', '9007199254740993', 'x'.repeat(1000)]) {
      expect((await ask({ id, method: 'ping' }))?.id, String(id)).toBe(id);
    }
    for (const id of ['9007199254740993', '1.5', 'null', 'true', '{}']) {
      expect((await post(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`)).status, id).toBe(400);
    }
  });

  it('takes what it does not know for what it is', async () => {
    const agent = await startTestAgent();
    const { post, ask } = await connect(agent);
    // Before the client has said that it is initialized.
    expect(await ask({ id: 1, method: 'ping' })).toMatchObject({ result: {} });
    expect((await post(rpc({ method: 'notifications/no_such', params: { a: [1] } }))).status).toBe(202);
    expect((await post(rpc({ method: 'notifications/progress' }))).status).toBe(202);
    expect((await post(rpc({ id: 77, result: {} }))).status).toBe(202);
    for (const method of [
      'resources/list',
      'prompts/list',
      'logging/setLevel',
      'completion/complete',
      'server/discover',
    ]) {
      expect(await ask({ id: 2, method }), method).toMatchObject({ error: { code: -32_601 } });
    }
    const hello = await post(rpc({ id: 3, ...INITIALIZE }));
    expect(hello.status).toBe(400);
    const meta = { 'example.com/trace': { a: 1 }, progressToken: 0 };
    const listed = await ask({ id: 4, method: 'tools/list', params: { _meta: meta, cursor: undefined } });
    expect(listed?.result).toHaveProperty('tools');
    expect(agent.log.errors).toEqual([]);
  });

  it('takes a call without arguments, and says what is wrong with others', async () => {
    const agent = await startTestAgent();
    const { ask } = await connect(agent);
    const use = async (params: object) => (await ask({ id: 1, method: 'tools/call', params }))?.result;
    expect(await use({ name: 'wait_for_approval' })).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^invalid_request: Name the session_id/) }],
    });
    expect(await use({ name: 'start_session', arguments: { safety_mode: 'bold' } })).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('safety_mode') }],
    });
    expect(await use({ name: 'start_session', arguments: { unknown: 1 } })).toMatchObject({
      structuredContent: { session: { status: 'active' } },
    });
    expect(agent.log.errors).toEqual([]);
  });

  it('tells of progress with the token that was given, whatever it is', async () => {
    const clock = new ManualClock();
    const agent = await startTestAgent({ clock });
    const { post } = await connect(agent);
    for (const progressToken of [0, 'a token']) {
      const params = {
        name: 'start_session',
        arguments: { safety_mode: 'autonomous', wait_seconds: 12 },
        _meta: { progressToken },
      };
      const asking = await post(rpc({ id: 5, method: 'tools/call', params }));
      clock.advance(12_000);
      const messages = await messagesOf(asking);
      const told = messages.filter(({ method }) => method === 'notifications/progress');
      expect(told).toMatchObject([
        { params: { progressToken, progress: 5 } },
        { params: { progressToken, progress: 10 } },
      ]);
    }
  });

  it('answers many at once, each with what it asked for', async () => {
    const agent = await startTestAgent();
    const { ask } = await connect(agent);
    const starts = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const params = {
          name: 'start_session',
          arguments: { safety_mode: 'read_only', user_id: `client ${index}` },
        };
        const answer = await ask({ id: index, method: 'tools/call', params });
        const started = answer?.result?.structuredContent as { session: { user_id: string } } | undefined;
        return `${answer?.id}: ${started?.session.user_id}`;
      }),
    );
    expect(starts).toEqual(Array.from({ length: 40 }, (_, index) => `${index}: client ${index}`));
  });

  it('closes the stream of a client that has left', async () => {
    const agent = await startTestAgent();
    const { headers } = await connect(agent);
    const controller = new AbortController();
    onTestFinished(() => controller.abort());
    const listening = await fetch(`${agent.url}/mcp`, {
      headers: { ...headers, accept: '*/*' },
      signal: controller.signal,
    });
    expect(listening.headers.get('content-type')).toBe('text/event-stream');
    const left = await fetch(`${agent.url}/mcp`, { method: 'DELETE', headers });
    expect(left.status).toBe(200);
    expect(await listening.text()).toBe('');
  });
});
