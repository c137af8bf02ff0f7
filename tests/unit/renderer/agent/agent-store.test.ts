import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { EndpointName } from '#shared/api';
import type { ServerMessage } from '#shared/events';
import { AgentStore, POLL_INTERVAL_MS, SILENCE_MS } from '../../../../src-renderer/agent/agent-store.ts';
import { AgentUnreachable, type CallAgent } from '../../../../src-renderer/agent/api-client.ts';
import type { ConnectionObserver } from '../../../../src-renderer/agent/event-socket.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { approval, liveRemote, liveScreen, snapshot } from '../fakes/sessions.ts';

describe('AgentStore', () => {
  let clock: ManualClock;
  let connections: ConnectionObserver[];
  let closedConnections: number;
  let answers: Partial<Record<EndpointName, unknown>>;
  let calls: EndpointName[];
  let store: AgentStore;

  beforeEach(() => {
    clock = new ManualClock();
    connections = [];
    closedConnections = 0;
    calls = [];
    answers = {
      agentInfo: { locked: false, heartbeat_interval_seconds: 30 },
      activeSessions: { active_sessions: [], total: 0 },
      listApprovals: { approvals: [], total: 0 },
    };
    const call = async (name: EndpointName) => {
      calls.push(name);
      if (!answers[name]) throw new AgentUnreachable('The agent cannot be reached.');
      return answers[name];
    };
    store = new AgentStore({
      call: call as CallAgent,
      clock,
      openEvents: (_, observer) => {
        connections.push(observer);
        return () => {
          closedConnections += 1;
        };
      },
      memoryOf: () => ({ recall: () => null, remember: () => {} }),
    });
    store.start();
  });

  const push = (message: ServerMessage) => connections.at(-1)?.onMessage(JSON.stringify(message));
  const shown = () => store.getState().live;
  const connection = () => store.getState().connection;
  const settle = () => vi.waitFor(() => expect(connection()).not.toBe('connecting'));

  it('shows what is pushed', () => {
    expect(connection()).toBe('connecting');
    push(snapshot([liveRemote()], { approvals: [approval()], locked: true }));
    expect(connection()).toBe('live');
    expect(shown()).toMatchObject({ sessions: [liveRemote()], approvals: [approval()], locked: true });
  });

  it('polls every 2 s while the socket is down', async () => {
    answers.activeSessions = { active_sessions: [liveRemote()], total: 1 };
    connections[0]?.onClose();
    await vi.waitFor(() => expect(connection()).toBe('polling'));
    expect(shown().sessions).toEqual([liveRemote()]);
    answers.activeSessions = { active_sessions: [liveScreen()], total: 1 };
    clock.advance(POLL_INTERVAL_MS);
    await vi.waitFor(() => expect(shown().sessions).toEqual([liveScreen()]));
  });

  it('says that the agent is out of reach, and reconnects as soon as it answers again', async () => {
    push(snapshot([liveRemote()]));
    const info = answers.agentInfo;
    answers = {};
    connections[0]?.onClose();
    await vi.waitFor(() => expect(connection()).toBe('unreachable'));
    expect(shown().sessions).toEqual([liveRemote()]);
    answers = { agentInfo: info, activeSessions: { active_sessions: [] }, listApprovals: { approvals: [] } };
    const before = connections.length;
    clock.advance(POLL_INTERVAL_MS);
    await vi.waitFor(() => expect(connection()).toBe('polling'));
    expect(connections.length).toBeGreaterThan(before);
    push(snapshot([]));
    expect(connection()).toBe('live');
  });

  it('fetches nothing while the socket tells, and puts a silent one to the test', async () => {
    push(snapshot([]));
    await vi.waitFor(() => expect(store.getState().agent).not.toBeNull());
    calls.length = 0;
    clock.advance(SILENCE_MS - POLL_INTERVAL_MS);
    push(snapshot([liveScreen()]));
    clock.advance(SILENCE_MS - POLL_INTERVAL_MS);
    expect(calls).toEqual([]);
    answers.activeSessions = { active_sessions: [liveScreen({ frames_captured: 9 })], total: 1 };
    clock.advance(2 * POLL_INTERVAL_MS);
    await vi.waitFor(() => expect(shown().sessions).toEqual([liveScreen({ frames_captured: 9 })]));
  });

  it('does not put a fetched view in the place of one that was pushed meanwhile', async () => {
    answers.activeSessions = { active_sessions: [liveRemote()], total: 1 };
    const refreshed = store.refresh();
    push(snapshot([liveScreen()]));
    await refreshed;
    expect(shown().sessions).toEqual([liveScreen()]);
    expect(connection()).toBe('live');
  });

  it('reopens a socket whose other end no longer answers requests', async () => {
    push(snapshot([liveScreen()]));
    await vi.waitFor(() => expect(store.getState().agent).not.toBeNull());
    answers = {};
    clock.advance(SILENCE_MS + POLL_INTERVAL_MS);
    await vi.waitFor(() => expect(connection()).toBe('unreachable'));
    expect(closedConnections).toBe(1);
    push(snapshot([]));
    expect(connection()).toBe('live');
  });

  it('does not let requests pile up behind a slow answer', async () => {
    connections[0]?.onClose();
    await settle();
    let answer: (value: unknown) => void = () => {};
    answers.activeSessions = new Promise((resolve) => {
      answer = resolve;
    });
    calls.length = 0;
    clock.advance(5 * POLL_INTERVAL_MS);
    expect(calls.filter((name) => name === 'activeSessions')).toHaveLength(1);
    answer({ active_sessions: [], total: 0 });
  });

  it('tells its listeners of each change until they leave', () => {
    const listener = vi.fn();
    const leave = store.subscribe(listener);
    push(snapshot([]));
    expect(listener).toHaveBeenCalled();
    listener.mockClear();
    leave();
    push(snapshot([liveRemote()]));
    expect(listener).not.toHaveBeenCalled();
  });

  it('leaves no timer and no connection behind', () => {
    push(snapshot([liveRemote()]));
    store.close();
    expect(clock.pendingTimers).toBe(0);
    expect(closedConnections).toBe(1);
  });
});
