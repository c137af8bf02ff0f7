import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src-main/clock.ts';
import {
  bearer,
  GUEST_HEADERS,
  makeToken,
  makeViewKey,
  sendWith,
  startShare,
} from '../access/support/callers.ts';
import { executeToEnd, startSession } from '../commands/support/command-client.ts';
import { EventClient } from '../support/event-client.ts';
import { parseExposition, readValue } from '../support/exposition.ts';
import { call, startTestAgent, type TestAgent } from '../support/test-agent.ts';

async function scrape(agent: TestAgent) {
  const answer = await fetch(`${agent.url}/metrics`);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  const text = await answer.text();
  const families = parseExposition(text);
  return {
    text,
    value: (name: string, labels?: Record<string, string>) => readValue(families, name, labels),
    families,
  };
}

describe('GET /metrics', () => {
  it('is well-formed from the first moment, and says what the agent is', async () => {
    const { families, value } = await scrape(await startTestAgent());
    expect(value('porthole_build_info', { version: '0.0.0-test' })).toBe(1);
    expect(value('porthole_sessions', { type: 'screen_share', status: 'active' })).toBe(0);
    expect(value('process_resident_memory_bytes')).toBeGreaterThan(1e6);
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    const age = Date.now() / 1000 - value('process_start_time_seconds');
    expect(Math.abs(age - process.uptime())).toBeLessThan(5);
    if (process.platform === 'linux') expect(value('process_open_fds')).toBeGreaterThan(3);
    for (const name of families.keys()) expect(name).toMatch(/^(porthole|process)_[a-z_]+$/);
  });

  it('counts sessions, approvals and commands as they come and go', async () => {
    const agent = await startTestAgent();
    const remote = await startSession(agent, 'autonomous');
    await executeToEnd(agent, remote, { operation: 'system_info' });
    expect((await scrape(agent)).value('porthole_command_results_held_characters')).toBe(0);
    await executeToEnd(agent, remote, { operation: 'shell', script: 'seq 1 20000' });
    const denied = await call(agent, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    const waiting = await scrape(agent);
    expect(waiting.value('porthole_sessions', { type: 'remote_access', status: 'active' })).toBe(1);
    expect(waiting.value('porthole_sessions', { type: 'remote_access', status: 'pending_approval' })).toBe(1);
    expect(waiting.value('porthole_approvals_waiting', { kind: 'session' })).toBe(1);
    // Every line of the second command, of which the record has both ends, and little besides.
    const held = waiting.value('porthole_command_results_held_characters');
    expect(held).toBeGreaterThanOrEqual(108_894);
    expect(held).toBeLessThan(120_000);
    await call(agent, 'POST', `/api/remote/deny/${denied.body.session_id}`);
    await call(agent, 'POST', `/api/remote/stop/${remote}`, { reason: 'my own words' });
    const after = await scrape(agent);
    expect(after.value('porthole_session_starts_total', { type: 'remote_access' })).toBe(1);
    for (const [outcome, count] of Object.entries({ stopped: 1, denied: 1, dropped: 0, expired: 0 })) {
      const labels = { type: 'remote_access', outcome };
      expect(after.value('porthole_session_ends_total', labels), outcome).toBe(count);
    }
    expect(after.value('porthole_approvals_total', { kind: 'session', outcome: 'allowed' })).toBe(1);
    expect(after.value('porthole_approvals_total', { kind: 'session', outcome: 'denied' })).toBe(1);
    expect(after.value('porthole_approvals_waiting', { kind: 'session' })).toBe(0);
    const command = { operation: 'system_info', status: 'completed' };
    expect(after.value('porthole_commands_total', command)).toBe(1);
    expect(after.text).not.toContain('my own words');
  });

  it('counts pictures and how old they were, beyond the end of their share', async () => {
    const agent = await startTestAgent();
    agent.screen.still = { jpeg: Buffer.from('one'), widthPx: 64, heightPx: 36, capturedAtMs: 0 };
    const share = await startShare(agent);
    const { host, hostname, port } = new URL(agent.url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    socket.resume();
    socket.write(`GET /stream/${share} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    const delivered = async () => (await scrape(agent)).value('porthole_frames_delivered_total');
    await expect.poll(delivered).toBe(1);
    const capturedAtMs = systemClock.monotonicMs();
    agent.screen.captures[0]?.observer.onFrame({
      jpeg: Buffer.from('three'),
      widthPx: 64,
      heightPx: 36,
      capturedAtMs,
    });
    await expect.poll(delivered).toBe(2);
    const during = await scrape(agent);
    expect(during.value('porthole_captures')).toBe(1);
    expect(during.value('porthole_viewers', { takes: 'stream' })).toBe(1);
    await call(agent, 'POST', '/api/screen_share/stop', { session_id: share });
    const after = await scrape(agent);
    expect(after.value('porthole_captures')).toBe(0);
    expect(after.value('porthole_viewers', { takes: 'stream' })).toBe(0);
    expect(after.value('porthole_viewers_joined_total')).toBe(1);
    expect(after.value('porthole_frames_captured_total')).toBe(2);
    expect(after.value('porthole_frames_delivered_total')).toBe(2);
    expect(after.value('porthole_frame_age_seconds_count')).toBe(2);
    expect(after.value('porthole_stream_sent_bytes_total')).toBeGreaterThanOrEqual('onethree'.length);
  });

  it('counts requests by route, however many paths there are, and event clients', async () => {
    const agent = await startTestAgent();
    const client = await EventClient.connect(agent);
    for (let number = 0; number < 20; number++) {
      await call(agent, 'GET', `/api/remote/status/remote_0000000${number % 10}`);
      await call(agent, 'GET', `/secret-${number}?key=secret`);
    }
    await fetch(`${agent.url}/healthz`);
    const { text, value } = await scrape(agent);
    const status = { method: 'GET', route: '/api/remote/status/{session_id}', status: '404' };
    expect(value('porthole_http_requests_total', status)).toBe(20);
    expect(value('porthole_http_requests_total', { route: 'elsewhere', status: '404' })).toBe(20);
    expect(value('porthole_http_requests_total', { route: '/healthz', status: '200' })).toBe(1);
    expect(value('porthole_event_clients')).toBe(1);
    expect(text).not.toMatch(/secret|remote_0/);
    client.socket.close();
    await expect.poll(async () => (await scrape(agent)).value('porthole_event_clients')).toBe(0);
  });

  it('is for those who decide', async () => {
    const agent = await startTestAgent();
    const { secret: admin } = await makeToken(agent, 'admin');
    const { secret: operator } = await makeToken(agent, 'operator');
    const { secret: key } = await makeViewKey(agent, await startShare(agent));
    const request = [{ method: 'GET', target: '/metrics' }];
    expect((await sendWith(agent, bearer(admin))(request))[0]?.status).toBe(200);
    expect((await sendWith(agent, bearer(operator))(request))[0]?.error).toBe('access_denied');
    const guest = sendWith(agent, GUEST_HEADERS);
    const outcomes = await guest([...request, { method: 'GET', target: `/metrics?key=${key}` }]);
    expect(outcomes.map(({ error }) => error)).toEqual(['access_denied', 'access_denied']);
  });
});

describe('parseExposition', () => {
  const head = '# HELP a_total A.\n# TYPE a_total counter\n';
  it.each([
    ['no end', 'a 1'],
    ['no type', 'a 1\n'],
    ['another name', `${head}b_total 1\n`],
    ['twice', `${head}a_total{x="1"} 1\na_total{x="1"} 2\n`],
    ['no label', `${head}a_total{x=1} 1\n`],
    ['below zero', `${head}a_total -1\n`],
    ['no number', `${head}a_total one\n`],
    ['no total', '# HELP a A.\n# TYPE a counter\na 1\n'],
    [
      'buckets',
      '# HELP h H.\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n',
    ],
  ])('refuses what Prometheus would: %s', (_what, text) => {
    expect(() => parseExposition(text)).toThrow();
  });
});
