import { describe, expect, it } from 'vitest';
import type { AgentEvent, AgentEventName } from '#shared/events';
import { applyMessage, applyView, UNKNOWN_LIVE_STATE } from '../../../../src-renderer/agent/live-state.ts';
import { approval, liveRemote, liveScreen, snapshot } from '../fakes/sessions.ts';

function event(name: AgentEventName, seq = 1): AgentEvent {
  return { seq, event: name, data: { message: name, badge: '🔔', timestamp: '2026-01-01T00:00:00.000Z' } };
}

describe('applyMessage', () => {
  it('replaces everything live with a snapshot and notes when it came', () => {
    const before = applyMessage(UNKNOWN_LIVE_STATE, snapshot([liveRemote()]), 100);
    const after = applyMessage(
      before,
      snapshot([liveScreen()], { approvals: [approval()], locked: true }),
      200,
    );
    expect(after).toMatchObject({
      sessions: [liveScreen()],
      approvals: [approval()],
      locked: true,
      receivedAtMs: 200,
    });
  });

  it('leaves the live view alone on events', () => {
    const before = applyMessage(UNKNOWN_LIVE_STATE, snapshot([liveRemote()]), 100);
    const after = applyMessage(before, event('remote_session_stopped'), 200);
    expect(after.sessions).toBe(before.sessions);
    expect(after.receivedAtMs).toBe(100);
  });

  it('keeps the latest 20 events', () => {
    let state = UNKNOWN_LIVE_STATE;
    for (let seq = 1; seq <= 30; seq += 1) state = applyMessage(state, event('viewer_joined', seq), seq);
    expect(state.recentEvents.map(({ seq }) => seq)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 11),
    );
  });

  it.each([
    ['remote_session_stopped', 1],
    ['remote_session_denied', 1],
    ['remote_session_expired', 1],
    ['remote_access_dropped', 1],
    ['screen_share_stopped', 1],
    ['screen_share_dropped', 1],
    ['remote_session_started', 0],
    ['viewer_joined', 0],
    ['locked_by_owner', 0],
  ] as const)('counts %s as %i change of the history', (name, changes) => {
    expect(applyMessage(UNKNOWN_LIVE_STATE, event(name), 1).historyVersion).toBe(changes);
  });

  it('takes a gap as a change of the history', () => {
    const gap = { event: 'gap', seq: 9, data: { since: 1, oldest_seq: 5 } } as const;
    expect(applyMessage(UNKNOWN_LIVE_STATE, gap, 1).historyVersion).toBe(1);
  });
});

describe('applyView', () => {
  it('takes a session that is gone as a change of the history, and a new one as none', () => {
    const one = applyView(
      UNKNOWN_LIVE_STATE,
      { sessions: [liveRemote()], approvals: [], advisories: [], locked: false },
      1,
    );
    const two = applyView(
      one,
      { sessions: [liveRemote(), liveScreen()], approvals: [], advisories: [], locked: false },
      2,
    );
    const three = applyView(
      two,
      { sessions: [liveScreen()], approvals: [], advisories: [], locked: false },
      3,
    );
    expect([one, two, three].map(({ historyVersion }) => historyVersion)).toEqual([0, 0, 1]);
  });
});
