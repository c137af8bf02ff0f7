import { describe, expect, it } from 'vitest';
import type { Decider } from '#shared/approvals';
import type { AgentEvent, AgentEventName } from '#shared/events';
import { describeDecisionElsewhere, findAsked } from '../../../../src-renderer/prompt/prompt-state.ts';
import { approval } from '../fakes/sessions.ts';

function event(name: AgentEventName, sessionId: string, decidedBy?: Decider): AgentEvent {
  return {
    seq: 1,
    event: name,
    data: {
      session_id: sessionId,
      message: '',
      badge: '',
      timestamp: '2026-01-01T00:00:00.000Z',
      ...(decidedBy ? { decided_by: decidedBy } : {}),
    },
  };
}

describe('findAsked', () => {
  const waiting = [approval({ approval_id: 'a' }), approval({ approval_id: 'b' })];

  it('finds the request and its place among those that wait', () => {
    expect(findAsked(waiting, 'b')).toEqual({ approval: waiting[1], position: 2, total: 2 });
  });

  it('finds nothing that no longer waits', () => {
    expect(findAsked(waiting, 'c')).toBeNull();
    expect(findAsked([], null)).toBeNull();
  });
});

describe('describeDecisionElsewhere', () => {
  const asked = approval({ session_id: 'remote_a1b2c3d4' });

  it.each([
    ['remote_session_approved', 'panel', 'Allowed in the panel.'],
    ['remote_session_approved', undefined, 'Allowed.'],
    ['remote_session_denied', 'notification', 'Denied from a notification.'],
    ['remote_session_expired', 'timeout', 'Denied, because nobody answered in time.'],
    ['remote_session_stopped', undefined, 'Withdrawn by whoever asked.'],
  ] as const)('tells of %s by %s', (name, by, sentence) => {
    const events = [event(name, 'remote_a1b2c3d4', by), event('remote_session_denied', 'remote_ffffffff')];
    expect(describeDecisionElsewhere(asked, events)).toBe(sentence);
  });

  it('claims nothing that it does not know', () => {
    expect(describeDecisionElsewhere(null, [])).toBe('This request no longer waits for an answer.');
    const started = event('remote_session_approval_needed', 'remote_a1b2c3d4');
    expect(describeDecisionElsewhere(asked, [started])).toBe('This request no longer waits for an answer.');
  });
});
