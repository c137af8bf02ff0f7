import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { AgentEvent } from '#shared/events';
import { DRAW_DELAY_MS, POLL_INTERVAL_MS, SILENCE_MS } from '../../../../src-renderer/agent/agent-store.ts';
import { FakeAgent } from '../fakes/fake-agent.ts';
import { approval, liveRemote, liveScreen, snapshot } from '../fakes/sessions.ts';

const agentEvent = (seq: number): AgentEvent => ({
  event: 'remote_session_started',
  seq,
  data: { message: 'Remote access session started', badge: '🔓', timestamp: '2026-01-01T00:00:00.000Z' },
});

describe('AgentStore', () => {
  let agent: FakeAgent;

  beforeEach(() => {
    agent = new FakeAgent();
  });

  const shown = () => agent.store.getState().live;
  const connection = () => agent.store.getState().connection;
  const goLive = async () => {
    agent.push(snapshot([]));
    await vi.waitFor(() => expect(agent.store.getState().agent).not.toBeNull());
    agent.calls.length = 0;
  };

  it('shows what is pushed', () => {
    expect(connection()).toBe('connecting');
    agent.push(snapshot([liveRemote()], { approvals: [approval()], locked: true }));
    expect(connection()).toBe('live');
    expect(shown()).toMatchObject({ sessions: [liveRemote()], approvals: [approval()], locked: true });
  });

  it('polls every 2 s while the socket is down', async () => {
    agent.answers.activeSessions = { active_sessions: [liveRemote()], total: 1 };
    agent.connections[0]?.onClose();
    await vi.waitFor(() => expect(connection()).toBe('polling'));
    expect(shown().sessions).toEqual([liveRemote()]);
    agent.answers.activeSessions = { active_sessions: [liveScreen()], total: 1 };
    agent.clock.advance(POLL_INTERVAL_MS);
    await vi.waitFor(() => expect(shown().sessions).toEqual([liveScreen()]));
  });

  it('says that the agent is out of reach, and reconnects as soon as it answers again', async () => {
    agent.push(snapshot([liveRemote()]));
    const { answers } = agent;
    agent.answers = {};
    agent.connections[0]?.onClose();
    await vi.waitFor(() => expect(connection()).toBe('unreachable'));
    expect(shown().sessions).toEqual([liveRemote()]);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      agent.clock.advance(5000);
      agent.connections.at(-1)?.onClose();
    }
    await agent.store.refresh();
    agent.answers = answers;
    const before = agent.connections.length;
    agent.clock.advance(POLL_INTERVAL_MS);
    await vi.waitFor(() => expect(connection()).toBe('polling'));
    expect(agent.connections).toHaveLength(before + 1);
    agent.push(snapshot([]));
    expect(connection()).toBe('live');
  });

  it('fetches nothing while the socket tells, and puts a silent one to the test', async () => {
    await goLive();
    agent.clock.advance(SILENCE_MS - POLL_INTERVAL_MS);
    agent.push(snapshot([liveScreen()]));
    agent.clock.advance(SILENCE_MS - POLL_INTERVAL_MS);
    expect(agent.calls).toEqual([]);
    agent.answers.activeSessions = { active_sessions: [liveScreen({ frames_captured: 9 })], total: 1 };
    agent.clock.advance(2 * POLL_INTERVAL_MS);
    await vi.waitFor(() => expect(shown().sessions).toEqual([liveScreen({ frames_captured: 9 })]));
  });

  it('does not put a fetched view in the place of one that was pushed meanwhile', async () => {
    agent.answers.activeSessions = { active_sessions: [liveRemote()], total: 1 };
    const refreshed = agent.store.refresh();
    agent.push(snapshot([liveScreen()]));
    await refreshed;
    expect(shown().sessions).toEqual([liveScreen()]);
    expect(connection()).toBe('live');
  });

  it('reopens a socket whose other end no longer answers requests', async () => {
    await goLive();
    agent.answers = {};
    agent.clock.advance(SILENCE_MS + POLL_INTERVAL_MS);
    await vi.waitFor(() => expect(connection()).toBe('unreachable'));
    expect(agent.closedConnections).toBe(1);
    agent.push(snapshot([]));
    expect(connection()).toBe('live');
  });

  it('does not let requests pile up behind a slow answer', async () => {
    agent.connections[0]?.onClose();
    await vi.waitFor(() => expect(connection()).toBe('polling'));
    agent.answers.activeSessions = () => new Promise(() => {});
    agent.calls.length = 0;
    agent.clock.advance(5 * POLL_INTERVAL_MS);
    expect(agent.callsOf('activeSessions')).toHaveLength(1);
  });

  it('tells its listeners of each change until they leave', () => {
    const listener = vi.fn();
    const leave = agent.store.subscribe(listener);
    agent.push(snapshot([]));
    expect(listener).toHaveBeenCalled();
    listener.mockClear();
    leave();
    agent.push(snapshot([liveRemote()]));
    expect(listener).not.toHaveBeenCalled();
  });

  it('tells once of events that come together, with all of them there', () => {
    agent.push(snapshot([]));
    const listener = vi.fn(() => shown().recentEvents.length);
    agent.store.subscribe(listener);
    for (let seq = 1; seq <= 15; seq += 1) agent.push(agentEvent(seq));
    expect(listener).not.toHaveBeenCalled();
    expect(shown().recentEvents).toHaveLength(15);
    agent.clock.advance(DRAW_DELAY_MS);
    expect(listener).toHaveBeenCalledOnce();
    expect(listener).toHaveReturnedWith(15);
    agent.push(agentEvent(16));
    agent.push(snapshot([liveRemote()]));
    expect(listener).toHaveBeenCalledTimes(2);
    agent.clock.advance(DRAW_DELAY_MS);
    expect(listener).toHaveBeenCalledTimes(2);
  });

  it('leaves no timer and no connection behind', () => {
    agent.push(snapshot([liveRemote()]));
    agent.push(agentEvent(1));
    agent.store.close();
    expect(agent.clock.pendingTimers).toBe(0);
    expect(agent.closedConnections).toBe(1);
  });
});
