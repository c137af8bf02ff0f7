import { beforeEach, describe, expect, it, vi } from 'vitest';
import { AgentRefusal, AgentUnreachable } from '../../../../src-renderer/agent/api-client.ts';
import { OwnSession, type SessionCalls } from '../../../../src-renderer/agent/own-session.ts';
import { ManualClock } from '../../../fakes/manual-clock.ts';
import { archived, liveRemote } from '../fakes/sessions.ts';

const ID = 'remote_a1b2c3d4';
const INTERVAL_MS = 30_000;

describe('OwnSession', () => {
  let clock: ManualClock;
  let remembered: string | null;
  const calls = {
    start: vi.fn<SessionCalls<string>['start']>(),
    stop: vi.fn<SessionCalls<string>['stop']>(),
    status: vi.fn<SessionCalls<string>['status']>(),
    heartbeat: vi.fn<SessionCalls<string>['heartbeat']>(),
  };

  function open(): OwnSession<string> {
    return new OwnSession({
      calls,
      clock,
      memory: {
        recall: () => remembered,
        remember: (sessionId) => {
          remembered = sessionId;
        },
      },
      heartbeatIntervalMs: () => INTERVAL_MS,
      onChange: () => {},
    });
  }

  beforeEach(() => {
    clock = new ManualClock();
    remembered = null;
    vi.resetAllMocks();
    calls.start.mockResolvedValue({ session_id: ID, status: 'active' });
    calls.stop.mockResolvedValue({});
    calls.status.mockResolvedValue(archived({ session_id: ID }));
    calls.heartbeat.mockResolvedValue({});
  });

  it('starts with the choice and remembers the id', async () => {
    const own = open();
    const starting = own.start('read_only');
    expect(own.state.operation).toBe('starting');
    await starting;
    expect(calls.start).toHaveBeenCalledWith('read_only');
    expect(own.state).toMatchObject({ sessionId: ID, status: 'active', operation: 'idle', error: null });
    expect(remembered).toBe(ID);
  });

  it('starts once, however often it is pressed', async () => {
    const own = open();
    await Promise.all([own.start('a'), own.start('a')]);
    await own.start('a');
    expect(calls.start).toHaveBeenCalledTimes(1);
  });

  it('says why a start failed and can be pressed again', async () => {
    calls.start.mockRejectedValueOnce(new AgentRefusal(429, 'too_many_sessions', 'Too many.'));
    const own = open();
    await own.start('a');
    expect(own.state).toMatchObject({ sessionId: null, operation: 'idle', error: 'Too many.' });
    expect(clock.pendingTimers).toBe(0);
    await own.start('a');
    expect(own.state).toMatchObject({ sessionId: ID, error: null });
  });

  it('keeps no error of a lock, which the page shows for as long as it lasts', async () => {
    calls.start.mockRejectedValueOnce(new AgentRefusal(423, 'locked_by_owner', 'Everything was stopped.'));
    const own = open();
    await own.start('a');
    expect(own.state).toMatchObject({ sessionId: null, operation: 'idle', error: null });
  });

  it('sends a heartbeat in every interval until the session ends', async () => {
    const own = open();
    await own.start('a');
    clock.advance(INTERVAL_MS - 1);
    expect(calls.heartbeat).not.toHaveBeenCalled();
    clock.advance(1);
    expect(calls.heartbeat).toHaveBeenCalledExactlyOnceWith(ID);
    clock.advance(2 * INTERVAL_MS);
    expect(calls.heartbeat).toHaveBeenCalledTimes(3);
    await own.stop();
    expect(clock.pendingTimers).toBe(0);
  });

  it('clears the id after a stop', async () => {
    const own = open();
    await own.start('a');
    await own.stop();
    expect(calls.stop).toHaveBeenCalledExactlyOnceWith(ID);
    expect(own.state).toMatchObject({ sessionId: null, end: { status: 'stopped', explanation: null } });
    expect(remembered).toBeNull();
  });

  it('stays on when a stop fails', async () => {
    calls.stop.mockRejectedValueOnce(new AgentUnreachable('Unreachable.'));
    const own = open();
    await own.start('a');
    await own.stop();
    expect(own.state).toMatchObject({
      sessionId: ID,
      status: 'active',
      operation: 'idle',
      error: 'Unreachable.',
    });
    expect(remembered).toBe(ID);
  });

  it('tells how it had ended when a stop came too late', async () => {
    calls.stop.mockResolvedValueOnce({ already_ended: true });
    calls.status.mockResolvedValueOnce(archived({ status: 'dropped', stop_reason: 'No sign of life' }));
    const own = open();
    await own.start('a');
    await own.stop();
    expect(own.state.end).toEqual({
      status: 'dropped',
      explanation: 'The agent dropped it: No sign of life.',
    });
  });

  it('follows an approval', async () => {
    calls.start.mockResolvedValueOnce({ session_id: ID, status: 'pending_approval' });
    const own = open();
    await own.start('autonomous');
    own.observe([liveRemote({ session_id: ID, status: 'active' })]);
    expect(own.state.status).toBe('active');
    expect(calls.status).not.toHaveBeenCalled();
  });

  it('asks what became of a session that is no longer live', async () => {
    calls.status.mockResolvedValueOnce(archived({ status: 'expired', stop_reason: 'No answer within 60 s' }));
    const own = open();
    await own.start('a');
    own.observe([]);
    await vi.waitFor(() => expect(own.state.sessionId).toBeNull());
    expect(own.state.end).toEqual({
      status: 'expired',
      explanation: 'The request expired: No answer within 60 s.',
    });
    expect(remembered).toBeNull();
    expect(clock.pendingTimers).toBe(0);
  });

  it('is not misled by a view from before its start', async () => {
    calls.status.mockResolvedValueOnce(liveRemote({ session_id: ID }));
    const own = open();
    await own.start('a');
    own.observe([]);
    await vi.waitFor(() => expect(calls.status).toHaveBeenCalledTimes(1));
    expect(own.state).toMatchObject({ sessionId: ID, status: 'active' });
  });

  it('keeps the session while the agent cannot be asked', async () => {
    calls.status.mockRejectedValueOnce(new AgentUnreachable('Unreachable.'));
    const own = open();
    await own.start('a');
    own.observe([]);
    await vi.waitFor(() => expect(calls.status).toHaveBeenCalledTimes(1));
    expect(own.state.sessionId).toBe(ID);
  });

  it('lets go of a session that the agent does not know', async () => {
    calls.status.mockRejectedValueOnce(new AgentRefusal(404, 'session_not_found', 'No session.'));
    remembered = ID;
    const own = open();
    own.observe([]);
    await vi.waitFor(() => expect(own.state.sessionId).toBeNull());
    expect(own.state.end?.explanation).toBe('The agent no longer knows this session.');
  });

  it('takes up its session after a reload, and keeps it alive at once', () => {
    remembered = ID;
    const own = open();
    expect(own.state).toMatchObject({ sessionId: ID, status: null });
    own.observe([liveRemote({ session_id: ID })]);
    expect(own.state.status).toBe('active');
    expect(calls.heartbeat).toHaveBeenCalledExactlyOnceWith(ID);
    clock.advance(INTERVAL_MS);
    expect(calls.heartbeat).toHaveBeenCalledTimes(2);
  });

  it('learns from a refused heartbeat that the session has ended', async () => {
    calls.heartbeat.mockRejectedValueOnce(new AgentRefusal(409, 'session_ended', 'Ended.'));
    const own = open();
    await own.start('a');
    clock.advance(INTERVAL_MS);
    await vi.waitFor(() => expect(own.state.end?.status).toBe('stopped'));
    expect(clock.pendingTimers).toBe(0);
  });

  it('goes on beating after a heartbeat that did not arrive', async () => {
    calls.heartbeat.mockRejectedValueOnce(new AgentUnreachable('Unreachable.'));
    const own = open();
    await own.start('a');
    clock.advance(2 * INTERVAL_MS);
    expect(calls.heartbeat).toHaveBeenCalledTimes(2);
    own.close();
    expect(clock.pendingTimers).toBe(0);
  });
});
