import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { EventClient } from '../support/event-client.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

const SNAPSHOT_DELAY_MS = 25;
const SNAPSHOT_REST_MS = 100;
const REFRESH_MS = 2000;
const PING_MS = 15_000;

const startRemote = async (agent: TestAgent, body: object = {}): Promise<string> =>
  String((await call(agent, 'POST', '/api/remote/start', body)).body.session_id);
const startShare = async (agent: TestAgent): Promise<string> =>
  String((await call(agent, 'POST', '/api/screen_share/start', {})).body.session_id);
const stopRemote = (agent: TestAgent, sessionId: string) =>
  call(agent, 'POST', `/api/remote/stop/${sessionId}`);

async function startTimedAgent(options: Parameters<typeof startTestAgent>[0] = {}) {
  const clock = new ManualClock();
  return { clock, agent: await startTestAgent({ clock, ...options }) };
}

const seqsOf = (client: EventClient): number[] => client.events.map(({ seq }) => seq);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('on connect', () => {
  it('shows everything that is live, without metadata', async () => {
    const agent = await startTestAgent();
    const remote = await startRemote(agent, { metadata: { secret: 'in the status only' } });
    const pending = await startRemote(agent, { safety_mode: 'autonomous' });
    const share = await startShare(agent);
    const client = await EventClient.connect(agent);
    await client.until(() => client.messages.length > 0);
    const [first] = client.messages;
    expect(first).toMatchObject({
      event: 'snapshot',
      seq: 3,
      data: {
        total: 3,
        locked: false,
        active_sessions: [{ session_id: remote }, { session_id: pending }, { session_id: share }],
        approvals: [{ session_id: pending, kind: 'session' }],
      },
    });
    expect(JSON.stringify(first)).not.toContain('in the status only');
  });

  it('shows an idle agent as idle', async () => {
    const client = await EventClient.connect(await startTestAgent());
    await client.until(() => client.messages.length > 0);
    expect(client.messages).toEqual([
      {
        event: 'snapshot',
        seq: 0,
        data: { active_sessions: [], total: 0, approvals: [], advisories: [], locked: false },
      },
    ]);
  });

  it('makes an agent without a display a place to ask', async () => {
    const agent = await startTestAgent({ canPrompt: () => false });
    const client = await EventClient.connect(agent);
    const started = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    expect(started).toMatchObject({ status: 200, body: { status: 'pending_approval' } });
    client.socket.terminate();
  });

  it('tells who asks for one session of that one only, and is then no place to ask', async () => {
    const agent = await startTestAgent({ canPrompt: () => false });
    const remote = await startRemote(agent);
    const share = await startShare(agent);
    const client = await EventClient.connect(agent, `?session_id=${share}`);
    const refused = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    expect(refused).toMatchObject({ status: 503, body: { error: 'no_place_to_ask' } });
    await stopRemote(agent, remote);
    await call(agent, 'POST', '/api/sessions/stop_all');
    await client.until(() => client.events.length > 0 && client.snapshots.at(-1)?.data.total === 0);
    expect(client.events.map(({ event, data }) => [event, data.session_id])).toEqual([
      ['screen_share_stopped', share],
    ]);
    const [first] = client.snapshots;
    expect(first?.data.active_sessions.map(({ session_id }) => session_id)).toEqual([share]);
    expect(first?.data.approvals).toEqual([]);
  });
});

describe('while connected', () => {
  it('pushes every event to every client, in order, numbered without a hole', async () => {
    const agent = await startTestAgent();
    const clients = await Promise.all([EventClient.connect(agent), EventClient.connect(agent)]);
    const remote = await startRemote(agent);
    const pending = await startRemote(agent, { safety_mode: 'autonomous' });
    await call(agent, 'POST', `/api/remote/approve/${pending}`);
    const denied = await startRemote(agent, { safety_mode: 'autonomous' });
    await call(agent, 'POST', `/api/remote/deny/${denied}`, { reason: 'no' });
    const share = await startShare(agent);
    await call(agent, 'POST', '/api/screen_share/stop', { session_id: share });
    await stopRemote(agent, remote);
    await call(agent, 'POST', '/api/sessions/stop_all');
    await call(agent, 'POST', '/api/sessions/rearm');
    for (const client of clients) {
      await client.until(() => client.events.at(-1)?.event === 'rearmed');
      expect(client.events.map(({ event }) => event)).toEqual([
        'remote_session_started',
        'remote_session_approval_needed',
        'remote_session_approved',
        'remote_session_approval_needed',
        'remote_session_denied',
        'screen_share_started',
        'screen_share_stopped',
        'remote_session_stopped',
        'locked_by_owner',
        'remote_session_stopped',
        'rearmed',
      ]);
      expect(seqsOf(client)).toEqual(range(1, 11));
      expect(client.events[0]).toEqual({
        event: 'remote_session_started',
        seq: 1,
        data: {
          session_id: remote,
          user_id: 'user',
          message: 'Remote access session started (supervised mode)',
          badge: '🔓',
          timestamp: expect.stringMatching(/Z$/),
          safety_mode: 'supervised',
          by: 'api',
        },
      });
    }
  });

  it('follows changes with one snapshot for all that came together', async () => {
    const { clock, agent } = await startTimedAgent();
    const client = await EventClient.connect(agent);
    await client.settle();
    await startRemote(agent);
    await startRemote(agent, { safety_mode: 'autonomous' });
    await startShare(agent);
    await client.settle();
    expect(client.snapshots).toHaveLength(1);
    clock.advance(SNAPSHOT_DELAY_MS);
    await client.settle();
    expect(client.snapshots).toHaveLength(2);
    expect(client.snapshots.at(-1)).toMatchObject({ seq: 3, data: { total: 3, approvals: [{}] } });
  });

  it('shows no more than ten snapshots a second while everything changes, and how it ended in the last', async () => {
    const { clock, agent } = await startTimedAgent();
    const client = await EventClient.connect(agent);
    await client.settle();
    const before = client.snapshots.length;
    const kept = await startRemote(agent);
    for (let round = 0; round < 10; round += 1) {
      await stopRemote(agent, await startRemote(agent));
      clock.advance(SNAPSHOT_DELAY_MS);
      await client.settle();
    }
    // Within 250 ms: the first after 25, two more after the rest of each.
    expect(client.snapshots).toHaveLength(before + 3);
    await stopRemote(agent, kept);
    clock.advance(SNAPSHOT_REST_MS);
    await client.settle();
    expect(client.snapshots).toHaveLength(before + 4);
    expect(client.snapshots.at(-1)).toMatchObject({ seq: 22, data: { total: 0, active_sessions: [] } });
    expect(seqsOf(client)).toEqual(range(1, 22));
  });

  it('shows the counters of live sessions anew every 2 s, and nothing while none is live', async () => {
    const { clock, agent } = await startTimedAgent();
    const client = await EventClient.connect(agent);
    const share = await startShare(agent);
    clock.advance(SNAPSHOT_DELAY_MS);
    await client.settle();
    const before = client.snapshots.length;
    agent.sessions.noteCaptured(share, 77);
    clock.advance(REFRESH_MS);
    await client.settle();
    expect(client.snapshots).toHaveLength(before + 1);
    expect(client.snapshots.at(-1)).toMatchObject({
      data: { active_sessions: [{ session_id: share, frames_captured: 77 }] },
    });
    await call(agent, 'POST', '/api/screen_share/stop', { session_id: share });
    clock.advance(SNAPSHOT_DELAY_MS);
    await client.settle();
    const afterEnd = client.snapshots.length;
    clock.advance(5 * REFRESH_MS);
    await client.settle();
    expect(client.snapshots).toHaveLength(afterEnd);
  });
});

describe('coming back with since', () => {
  it('brings exactly what was missed, then the snapshot, then what happens', async () => {
    const agent = await startTestAgent();
    const first = await EventClient.connect(agent);
    const remote = await startRemote(agent);
    await first.until(() => seqsOf(first).includes(1));
    first.socket.terminate();
    await stopRemote(agent, remote);
    const share = await startShare(agent);
    const second = await EventClient.connect(agent, '?since=1');
    await second.until(() => second.snapshots.length > 0);
    expect(second.messages.slice(0, 3).map(({ event, seq }) => [event, seq])).toEqual([
      ['remote_session_stopped', 2],
      ['screen_share_started', 3],
      ['snapshot', 3],
    ]);
    await call(agent, 'POST', '/api/screen_share/stop', { session_id: share });
    await second.until(() => seqsOf(second).includes(4));
    expect(seqsOf(second)).toEqual([2, 3, 4]);
  });

  it('brings nothing twice and nothing more when nothing was missed', async () => {
    const agent = await startTestAgent();
    await startRemote(agent);
    const client = await EventClient.connect(agent, '?since=1');
    await client.settle();
    expect(client.messages.map(({ event }) => event)).toEqual(['snapshot']);
  });

  it('misses nothing across a restart of the agent', async () => {
    const agent = await startTestAgent();
    const before = await EventClient.connect(agent);
    await startRemote(agent);
    await startShare(agent);
    await before.until(() => seqsOf(before).length === 2);
    await agent.close('Agent stopped');
    await before.closed;
    const again = await startTestAgent({ folder: agent.folder });
    await startRemote(again);
    const after = await EventClient.connect(again, `?since=${seqsOf(before).at(-1)}`);
    await after.until(() => after.snapshots.length > 0);
    const all = [...before.events, ...after.events];
    expect(all.map(({ seq }) => seq)).toEqual(range(1, 5));
    expect(all.map(({ event }) => event)).toEqual([
      'remote_session_started',
      'screen_share_started',
      'remote_session_stopped',
      'screen_share_stopped',
      'remote_session_started',
    ]);
  });

  it('misses nothing that happens while it catches up with more than a page', async () => {
    const agent = await startTestAgent();
    const body = { user_id: 'u', safety_mode: 'supervised', metadata: {} } as const;
    const startAndStop = (): void => {
      const { session_id } = agent.sessions.startRemote(body, 'x');
      agent.sessions.stopRemote(session_id, 'done');
    };
    for (let count = 0; count < 800; count += 1) startAndStop();
    const client = await EventClient.connect(agent, '?since=10');
    for (let count = 0; count < 100; count += 1) {
      startAndStop();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until(() => client.events.at(-1)?.seq === 1800);
    expect(seqsOf(client)).toEqual(range(11, 1800));
    expect(client.messages.filter(({ event }) => event === 'gap')).toEqual([]);
  });

  it('tells of a gap when what it missed is no longer kept, and goes on from what is', async () => {
    const agent = await startTestAgent();
    for (let count = 0; count < 5200; count += 1) {
      const { session_id } = agent.sessions.startRemote(
        { user_id: 'u', safety_mode: 'supervised', metadata: {} },
        'x',
      );
      agent.sessions.stopRemote(session_id, 'done');
    }
    const client = await EventClient.connect(agent, '?since=3');
    await client.until(() => client.snapshots.length > 0);
    const [gap, oldest] = client.messages;
    expect(gap).toMatchObject({ event: 'gap', seq: 10_400, data: { since: 3 } });
    expect(oldest?.seq).toBe(gap?.event === 'gap' && gap.data.oldest_seq);
    expect(seqsOf(client)).toEqual(range(oldest?.seq ?? 0, 10_400));
    expect(seqsOf(client).length).toBeGreaterThanOrEqual(10_000);
  });

  it('tells of a gap when it has seen what this agent never told, and brings everything', async () => {
    const agent = await startTestAgent();
    await startRemote(agent);
    const client = await EventClient.connect(agent, '?since=99');
    await client.until(() => client.snapshots.length > 0);
    expect(client.messages.map(({ event, seq }) => [event, seq])).toEqual([
      ['gap', 1],
      ['remote_session_started', 1],
      ['snapshot', 1],
    ]);
  });

  it.each([
    '',
    '-1',
    '+1',
    'abc',
    '1.5',
    '1e3',
    '0x1',
    '%201',
    '1%20',
    '1234567890123456',
    '1&since=2',
    '%00',
  ])('refuses since=%s in the contract’s shape', async (since) => {
    const agent = await startTestAgent();
    const socket = new WebSocket(`${agent.url.replace('http', 'ws')}/api/events?since=${since}`);
    const response = await new Promise<import('node:http').IncomingMessage>((resolve) => {
      socket.once('unexpected-response', (_request, answer) => resolve(answer));
      socket.on('error', () => undefined);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    expect(response.statusCode).toBe(400);
    expect(JSON.parse(String(Buffer.concat(chunks)))).toEqual({
      success: false,
      error: 'invalid_request',
      message: expect.stringContaining('since'),
    });
  });
});

describe('clients that do not behave', () => {
  it('are cut off when they answer no ping, and those that do stay', async () => {
    const { clock, agent } = await startTimedAgent();
    const healthy = await EventClient.connect(agent);
    const dead = await EventClient.connect(agent, '', { autoPong: false });
    await dead.settle();
    for (let count = 0; count < 3; count += 1) {
      clock.advance(PING_MS);
      // Its pong went out before this ping, so the agent has read it when it answers.
      await healthy.settle();
    }
    expect(await dead.closed).toMatchObject({ code: 1006 });
    expect(healthy.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('are dropped when they do not read, and the others miss nothing', async () => {
    const { clock, agent } = await startTimedAgent({ settings: { sessionTimeoutMinutes: 1440 } });
    const reader = await EventClient.connect(agent);
    const sleeper = await EventClient.connect(agent);
    await sleeper.settle();
    sleeper.socket.pause();
    for (let count = 0; count < 200; count += 1) {
      agent.sessions.startRemote({ user_id: 'u'.repeat(200), safety_mode: 'supervised', metadata: {} }, 'x');
    }
    // Snapshots of 200 sessions: some 20 MB in all, more than any system buffers for one connection.
    for (let count = 0; count < 200; count += 1) {
      clock.advance(SNAPSHOT_DELAY_MS + REFRESH_MS);
      await reader.settle();
    }
    const seen = reader.snapshots.length;
    sleeper.socket.resume();
    expect(await sleeper.closed).toMatchObject({ code: 1006 });
    expect(sleeper.snapshots.length).toBeLessThan(seen);
    expect(seqsOf(reader)).toEqual(range(1, 200));
  });

  it('are closed when they talk, because there is nothing to say', async () => {
    const agent = await startTestAgent();
    for (const message of ['{"event":"rearmed"}', Buffer.from([1, 2, 3])]) {
      const client = await EventClient.connect(agent);
      client.socket.send(message);
      expect(await client.closed).toEqual({ code: 1008, reason: 'This socket only tells' });
    }
    expect(agent.sessions.locked).toBe(false);
  });

  it('are cut off when they send more than a listener could have to say', async () => {
    const agent = await startTestAgent();
    const client = await EventClient.connect(agent);
    client.socket.send('x'.repeat(2000));
    expect([1006, 1009]).toContain((await client.closed).code);
    expect(await call(agent, 'GET', '/api/agent')).toMatchObject({ status: 200 });
  });

  it('are cut off when they break the protocol', async () => {
    const agent = await startTestAgent();
    const { hostname, port, host } = new URL(agent.url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => {
      socket.destroy();
    });
    socket.write(
      `GET /api/events HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    );
    socket.once('data', () => socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff])));
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(await call(agent, 'GET', '/api/agent')).toMatchObject({ status: 200 });
    expect(agent.log.errors).toEqual([]);
  });
});

describe('when the agent stops', () => {
  it('says so to every client, waits for none, and leaves neither socket nor timer', async () => {
    const { clock, agent } = await startTimedAgent();
    const clients = await Promise.all([EventClient.connect(agent), EventClient.connect(agent)]);
    const silent = await EventClient.connect(agent, '', { autoPong: false });
    silent.socket.pause();
    await startRemote(agent);
    await agent.close('Agent stopped');
    for (const client of clients) {
      expect(await client.closed).toEqual({ code: 1001, reason: 'The agent is shutting down' });
      expect(client.events.at(-1)).toMatchObject({
        event: 'remote_session_stopped',
        data: { reason: 'Agent stopped' },
      });
    }
    silent.socket.resume();
    await silent.closed;
    expect(clock.pendingTimers).toBe(0);
    await expect(fetch(`${agent.url}/healthz`)).rejects.toThrow();
  });
});
