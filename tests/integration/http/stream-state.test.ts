import { connect, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../src-main/clock.ts';
import type { StreamStateEntry } from '../../../src-shared/stream-api.ts';
import {
  bearer,
  GUEST_HEADERS,
  makeToken,
  makeViewKey,
  type Outcome,
  sendAs,
  sendWith,
  startShare,
} from '../access/support/callers.ts';
import { startTestAgent, type TestAgent } from '../support/test-agent.ts';

/** Watches on a connection of its own, and reads. */
function watch(agent: TestAgent, target: string, headers: Readonly<Record<string, string>> = {}): Socket {
  const { host, hostname, port } = new URL(agent.url);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n${lines.join('')}\r\n`);
  socket.resume();
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

function show(agent: TestAgent, text: string, capturedAtMs: number): void {
  agent.screen.captures
    .at(-1)
    ?.observer.onFrame({ jpeg: Buffer.from(text), widthPx: 640, heightPx: 360, capturedAtMs });
}

async function ask(
  sendAll: (requests: { method: string; target: string }[]) => Promise<Outcome[]>,
  target: string,
): Promise<StreamStateEntry> {
  const [outcome] = await sendAll([{ method: 'GET', target }]);
  expect(outcome).toMatchObject({ status: 200, error: null });
  return outcome?.body as StreamStateEntry;
}

describe('GET /stream/{session_id}/state', () => {
  it('tells what came in and what went out, over all and for each viewer', async () => {
    const agent = await startTestAgent();
    const local = sendWith(agent, {});
    const share = await startShare(agent);
    const state = () => ask(local, `/stream/${share}/state`);
    expect(await state()).toMatchObject({
      session_id: share,
      quality: 'medium',
      capture: { state: 'starting' },
      frame_size: null,
      frame_age_ms: null,
      frames_captured: 0,
      viewer_count: 0,
      viewers: [],
    });
    agent.screen.captures[0]?.observer.onStatus({ state: 'live' });
    const watching = watch(agent, `/stream/${share}`, { 'user-agent': 'a test' });
    await expect.poll(async () => (await state()).viewer_count).toBe(1);
    for (const text of ['one', 'three']) {
      const { frames_delivered: before } = await state();
      show(agent, text, systemClock.monotonicMs());
      await expect.poll(async () => (await state()).frames_delivered).toBe(before + 1);
    }
    const after = await state();
    expect(after).toMatchObject({
      capture: { state: 'live' },
      frame_size: { width: 640, height: 360 },
      frames_captured: 2,
      frames_dropped: 0,
    });
    const [viewer] = after.viewers;
    expect(viewer).toMatchObject({ user_agent: 'a test', admitted_by: 'local', frames: 2, drops: 0 });
    expect(viewer?.frame_age_ms).toBeGreaterThan(0);
    expect(after.frame_age_ms).toBeGreaterThan(0);
    // Repeats of a still picture count as bytes, not as frames.
    expect(after.bytes_delivered).toBeGreaterThanOrEqual('onethree'.length);
    watching.destroy();
    await expect.poll(async () => (await state()).viewer_count).toBe(0);
    expect((await state()).frames_delivered).toBe(2);
  });

  it('shows a viewer itself and nobody else, and the person at the machine and admins everybody', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const [ada, grace] = [
      await makeViewKey(agent, share, { name: 'Ada' }),
      await makeViewKey(agent, share, { name: 'Grace' }),
    ];
    for (const { secret } of [ada, grace]) watch(agent, `/stream/${share}?key=${secret}`, GUEST_HEADERS);
    watch(agent, `/stream/${share}`);
    const local = sendWith(agent, {});
    const all = () => ask(local, `/stream/${share}/state`);
    await expect.poll(async () => (await all()).viewers.length).toBe(3);

    const guest = sendWith(agent, GUEST_HEADERS);
    const seen = await ask(guest, `/stream/${share}/state?key=${ada.secret}`);
    expect(seen.viewer_count).toBe(3);
    expect(seen.viewers.map(({ name }) => name)).toEqual(['Ada']);
    expect(JSON.stringify(seen)).not.toContain('Grace');
    const admin = sendWith(agent, bearer((await makeToken(agent, 'admin')).secret));
    expect((await ask(admin, `/stream/${share}/state`)).viewers).toHaveLength(3);

    // A command knows of its own session alone, which is no share.
    const command = await sendAs(agent, 'contained');
    const [refused] = await command([{ method: 'GET', target: `/stream/${share}/state` }]);
    expect(refused).toMatchObject({ status: 404, error: 'session_not_found' });
  });

  it('is for those who may watch, as long as there is something to watch', async () => {
    const agent = await startTestAgent();
    const share = await startShare(agent);
    const { secret, id } = await makeViewKey(agent, share);
    const guest = sendWith(agent, GUEST_HEADERS);
    const outcomes = await guest([
      { method: 'GET', target: `/stream/${share}/state` },
      { method: 'GET', target: `/stream/${share}/state?key=guess` },
      { method: 'GET', target: `/stream/screen_00000000/state?key=${secret}` },
    ]);
    expect(outcomes.map(({ error }) => error)).toEqual([
      'viewer_approval_required',
      'invalid_credentials',
      'session_not_found',
    ]);
    const local = sendWith(agent, {});
    await local([{ method: 'DELETE', target: `/api/screen_share/${share}/keys/${id}` }]);
    const [revoked] = await guest([{ method: 'GET', target: `/stream/${share}/state?key=${secret}` }]);
    expect(revoked?.error).toBe('invalid_credentials');
    const over = await local([
      { method: 'POST', target: '/api/screen_share/stop', body: `{"session_id":"${share}"}` },
      { method: 'GET', target: `/stream/${share}/state` },
    ]);
    expect(over[1]).toMatchObject({ status: 410, error: 'stream_ended' });
  });
});
