import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { INITIALIZE, initializeMcp, listenMcp, messagesOf, postMcp, rpc } from '../support/mcp-wire.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';
import { until } from './support/escapees.ts';

const BEAT_MS = 30_000;
/** As many as one of them may have. */
const MOST = 64;

async function connectClient(agent: TestAgent) {
  let pongs = 0;
  let calls = 0;
  const transport = new StreamableHTTPClientTransport(new URL(`${agent.url}/mcp`), {
    fetch: async (url, init) => {
      const response = await fetch(url, init);
      if (String(init?.body).includes('"result":{}')) pongs += 1;
      if (String(init?.body).includes('"tools/call"')) calls += 1;
      return response;
    },
  });
  const client = new Client({ name: 'test', version: '1' });
  await client.connect(transport as Parameters<typeof client.connect>[0]);
  onTestFinished(() => client.close());
  return { client, transport, pongs: () => pongs, calls: () => calls };
}

function stopAfterTest(): AbortSignal {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  return controller.signal;
}

/** A client of our own: calls tools, and otherwise does what it is told. */
async function connectWire(agent: TestAgent) {
  const id = await initializeMcp(agent);
  const headers = { 'mcp-session-id': id };
  await postMcp(agent, rpc({ method: 'notifications/initialized' }), { headers });
  let nextId = 1;
  const callTool = async (
    name: string,
    input: object,
    options: { id?: number; signal?: AbortSignal } = {},
  ) => {
    const message = rpc({
      id: options.id ?? nextId++,
      method: 'tools/call',
      params: { name, arguments: input },
    });
    const response = await postMcp(agent, message, {
      headers,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    return response;
  };
  const resultOf = async (response: Response): Promise<CallToolResult> => {
    const [answer] = (await messagesOf(response)).slice(-1);
    return answer?.result as CallToolResult;
  };
  const startSession = async (): Promise<string> => {
    const result = await resultOf(await callTool('start_session', { safety_mode: 'supervised' }));
    return (result.structuredContent as { session: { session_id: string } }).session.session_id;
  };
  return { id, headers, callTool, resultOf, startSession };
}

const stateOf = async (agent: TestAgent, sessionId: string) =>
  (await call(agent, 'GET', `/api/remote/status/${sessionId}`)).body;

/** The commands that wait for the person. */
async function waiting(agent: TestAgent): Promise<unknown[]> {
  const { body } = await call(agent, 'GET', '/api/approvals');
  return body.approvals as unknown[];
}

/** Makes calls and gives them up once `areThere`; answers what became of each. */
async function giveUpAtOnce(
  count: number,
  make: (signal: AbortSignal) => Promise<unknown>,
  areThere: () => boolean | Promise<boolean>,
): Promise<unknown[]> {
  const cancels = Array.from({ length: count }, () => new AbortController());
  const made = cancels.map(({ signal }) => make(signal).catch((error: Error) => error.message));
  await until(areThere);
  for (const cancel of cancels) cancel.abort('changed my mind');
  return Promise.all(made);
}

describe('MCP clients that never say good-bye', () => {
  it('make room for the next, the one that has been idle longest first, and shut out nobody', async () => {
    const agent = await startTestAgent();
    const ids: string[] = [];
    for (let each = 0; each < MOST; each += 1) ids.push(await initializeMcp(agent));
    const first = ids[0] ?? '';
    // It is heard again, so another is the idlest.
    await postMcp(agent, rpc({ id: 1, method: 'ping' }), { headers: { 'mcp-session-id': first } });
    const { client } = await connectClient(agent);
    expect((await client.listTools()).tools.length).toBeGreaterThan(0);
    const ping = (id: string) =>
      postMcp(agent, rpc({ id: 2, method: 'ping' }), { headers: { 'mcp-session-id': id } });
    expect((await ping(first)).status).toBe(200);
    expect((await ping(ids[1] ?? '')).status).toBe(404);
    expect((await ping(ids[2] ?? '')).status).toBe(200);
    const { body } = await call(agent, 'POST', '/api/tokens', { name: 'bot', role: 'operator' });
    expect(await initializeMcp(agent, { token: String(body.token) })).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('are never sent away while a call is answered or they listen, and count for themselves alone', async () => {
    const agent = await startTestAgent();
    const signal = stopAfterTest();
    const { body } = await call(agent, 'POST', '/api/tokens', { name: 'bot', role: 'operator' });
    const token = String(body.token);
    const busy = await initializeMcp(agent, { token });
    const headers = { 'mcp-session-id': busy, authorization: `Bearer ${token}` };
    const params = { name: 'start_session', arguments: { safety_mode: 'supervised' } };
    const asking = postMcp(agent, rpc({ id: 1, method: 'tools/call', params }), { headers, signal });
    await until(async () => (await waiting(agent)).length === 1);
    for (let each = 1; each < MOST; each += 1) {
      const id = await initializeMcp(agent, { token });
      const listening = await listenMcp(agent, id, { headers: { authorization: `Bearer ${token}` }, signal });
      expect(listening.status).toBe(200);
    }
    const refused = await postMcp(agent, rpc({ id: 0, ...INITIALIZE }), { token });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({
      message: expect.stringMatching(/^64 MCP clients of yours/),
    });
    await connectClient(agent);
    expect((await waiting(agent)).length).toBe(1);
    const { approval_id: approvalId } = (await waiting(agent))[0] as { approval_id: string };
    await call(agent, 'POST', `/api/approvals/${approvalId}/allow`);
    const [answer] = await messagesOf(await asking);
    expect(answer?.result).toMatchObject({ structuredContent: { session: { status: 'active' } } });
  });

  it('do not push anybody out with what is no initialize request', async () => {
    const agent = await startTestAgent();
    const ids: string[] = [];
    for (let each = 0; each < MOST; each += 1) ids.push(await initializeMcp(agent));
    expect((await postMcp(agent, rpc({ id: 1, method: 'tools/list' }))).status).toBe(400);
    const headers = { 'mcp-session-id': ids[0] ?? '' };
    expect((await postMcp(agent, rpc({ id: 1, method: 'ping' }), { headers })).status).toBe(200);
  });
});

describe('an MCP client whose link dies', () => {
  it('is there as long as it answers pings, and no longer for an open stream', async () => {
    const clock = new ManualClock();
    const agent = await startTestAgent({ clock, settings: { heartbeatIntervalSeconds: BEAT_MS / 1000 } });
    const signal = stopAfterTest();
    // Listens like any other, but nothing ever comes back from it: so a dead link looks from here.
    const dead = await connectWire(agent);
    const stream = await listenMcp(agent, dead.id, { signal });
    const lost = await dead.startSession();
    const { client, pongs } = await connectClient(agent);
    const started = (await client.callTool({
      name: 'start_session',
      arguments: { safety_mode: 'supervised' },
    })) as CallToolResult;
    const { session } = started.structuredContent as { session: { session_id: string } };
    for (let beat = 0; beat < 30; beat += 1) {
      const before = (await stateOf(agent, session.session_id)).last_activity;
      clock.advance(BEAT_MS);
      // One that is there is heard at each beat, by nothing but its answer to the last.
      expect((await stateOf(agent, session.session_id)).last_activity).not.toBe(before);
      await until(() => pongs() === beat + 1 && stream.said().split('"ping"').length === beat + 2);
    }
    expect(await stateOf(agent, lost)).toMatchObject({ status: 'dropped' });
    expect(await stateOf(agent, session.session_id)).toMatchObject({ status: 'active' });
    clock.advance(BEAT_MS * 60);
    await stream.ended;
  });

  it('keeps no session alive', async () => {
    const clock = new ManualClock();
    const agent = await startTestAgent({ clock, settings: { heartbeatIntervalSeconds: BEAT_MS / 1000 } });
    const dead = await connectWire(agent);
    await listenMcp(agent, dead.id, { signal: stopAfterTest() });
    const lost = await dead.startSession();
    for (let beat = 0; beat < 30; beat += 1) clock.advance(BEAT_MS);
    expect(await stateOf(agent, lost)).toMatchObject({ status: 'dropped' });
  });

  it('listens again at once: the newest stream wins', async () => {
    const agent = await startTestAgent();
    const signal = stopAfterTest();
    const id = await initializeMcp(agent);
    const first = await listenMcp(agent, id, { signal });
    const second = await listenMcp(agent, id, { signal, headers: { 'last-event-id': 'lost' } });
    expect([first.status, second.status]).toEqual([200, 200]);
    await first.ended;
    const third = await listenMcp(agent, id, { signal });
    expect(third.status).toBe(200);
    await second.ended;
  });

  it('finds its command again after its call was cut off', async () => {
    const agent = await startTestAgent();
    const wire = await connectWire(agent);
    const sessionId = await wire.startSession();
    const cut = new AbortController();
    const asking = wire.callTool(
      'run_command',
      { session_id: sessionId, argv: ['true'] },
      { signal: cut.signal },
    );
    await until(async () => (await waiting(agent)).length === 1);
    cut.abort();
    await asking.then((response) => response.text()).catch(() => undefined);
    // A lost link is no wish: the person is still asked.
    const session = await wire.resultOf(await wire.callTool('get_session', { session_id: sessionId }));
    const [, commandId] = /(command_\w+) is pending_approval/.exec(JSON.stringify(session.content)) ?? [];
    const { approval_id: approvalId } = (await waiting(agent))[0] as { approval_id: string };
    await call(agent, 'POST', `/api/approvals/${approvalId}/allow`);
    const ended = await wire.resultOf(await wire.callTool('wait_for_approval', { command_id: commandId }));
    expect(ended.content).toMatchObject([{ text: 'exit code 0' }]);
  });
});

describe('an MCP call that its client gives up', () => {
  it('leaves no connection, however many there are', async () => {
    const agent = await startTestAgent();
    const { client, calls } = await connectClient(agent);
    const { body } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    // Both ends of each are in this process.
    const openConnections = () =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length / 2;
    const before = openConnections();
    for (let round = 1; round <= 16; round += 1) {
      const outcomes = await giveUpAtOnce(
        20,
        (signal) => {
          const params = { name: 'wait_for_approval', arguments: { session_id: body.session_id } };
          return client.callTool(params, undefined, { signal });
        },
        () => calls() === round * 20,
      );
      for (const outcome of outcomes) expect(outcome).toContain('changed my mind');
    }
    // The client itself keeps idle ones for its next calls: as many as it had at once, which were 20 calls, what cancels
    // them, and some more before those of the last round were free again; not as many as it gave up.
    await until(() => openConnections() <= before + 100);
    expect(agent.log.errors).toEqual([]);
  }, 60_000);

  it('leaves no command', async () => {
    const agent = await startTestAgent();
    const { client } = await connectClient(agent);
    const { body } = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'supervised' });
    const sessionId = body.session_id;
    await giveUpAtOnce(
      10,
      (signal) => {
        const params = { name: 'run_command', arguments: { session_id: sessionId, argv: ['true'] } };
        return client.callTool(params, undefined, { signal });
      },
      async () => (await waiting(agent)).length === 10,
    );
    await until(async () => (await waiting(agent)).length === 0);
    const { body: record } = await call(agent, 'GET', `/api/remote/commands?session_id=${sessionId}`);
    const commands = record.commands as { status: string; decision_reason: string }[];
    expect(commands).toHaveLength(10);
    for (const command of commands) {
      expect(command).toMatchObject({ status: 'cancelled', decision_reason: 'The AI agent cancelled it' });
    }
    expect(agent.log.errors).toEqual([]);
  });

  it('ends its stream without an answer, and that of a batch with the answers of the others', async () => {
    const agent = await startTestAgent();
    const wire = await connectWire(agent);
    const sessionId = await wire.startSession();
    const run = (id: number, seconds: number) =>
      rpc({
        id,
        method: 'tools/call',
        params: {
          name: 'run_command',
          arguments: { session_id: sessionId, argv: ['true'], wait_seconds: seconds },
        },
      });
    const cancel = (requestId: number) =>
      postMcp(agent, rpc({ method: 'notifications/cancelled', params: { requestId } }), wire);
    const alone = postMcp(agent, run(10, 600), wire);
    await until(async () => (await waiting(agent)).length === 1);
    expect((await cancel(10)).status).toBe(202);
    expect(await messagesOf(await alone)).toEqual([]);

    const batch = postMcp(agent, [run(11, 600), rpc({ id: 12, method: 'ping' })], wire);
    await until(async () => (await waiting(agent)).length === 1);
    await cancel(11);
    const answers = await messagesOf(await batch);
    expect(answers.find(({ id }) => id === 12)?.result).toEqual({});
    // An unknown one, a late one and one that is malformed change nothing.
    for (const id of [10, 12, 99]) expect((await cancel(id)).status).toBe(202);
    const malformed = await postMcp(agent, rpc({ method: 'notifications/cancelled' }), wire);
    expect(malformed.status).toBe(202);
    expect(agent.log.errors).toEqual([]);
  });
});
