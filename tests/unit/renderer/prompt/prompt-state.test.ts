import { describe, expect, it } from 'vitest';
import type { Decider } from '#shared/approvals';
import type { AgentEvent, AgentEventName } from '#shared/events';
import { describeDecisionElsewhere, findAsked } from '../../../../src-renderer/prompt/prompt-state.ts';
import { details } from '../fakes/commands.ts';
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

describe('describeDecisionElsewhere of somebody who wants to watch', () => {
  const asked = approval({ kind: 'viewer', session_id: 'screen_a1b2c3d4', approval_id: 'approval_7' });
  const told = (name: AgentEventName, approvalId: string, by?: Decider): AgentEvent => {
    const { data, ...rest } = event(name, 'screen_a1b2c3d4', by);
    return { ...rest, data: { ...data, approval_id: approvalId } };
  };

  it.each([
    ['viewer_approved', 'panel', 'Allowed in the panel.'],
    ['viewer_denied', 'tray', 'Denied from the tray menu.'],
    ['viewer_denied', 'timeout', 'Denied, because nobody answered in time.'],
    ['screen_share_stopped', undefined, 'Withdrawn, because the screen share has ended.'],
    ['viewer_joined', undefined, 'This request no longer waits for an answer.'],
  ] as const)('tells of %s by %s', (name, by, sentence) => {
    const own = name.startsWith('viewer_') && name !== 'viewer_joined' ? 'approval_7' : 'approval_8';
    const events = [told('viewer_approval_needed', 'approval_7'), told(name, own, by)];
    expect(describeDecisionElsewhere(asked, events)).toBe(sentence);
    const ofOther = told('viewer_denied', 'approval_9', 'panel');
    expect(describeDecisionElsewhere(asked, [...events, ofOther])).toBe(sentence);
  });
});

describe('describeDecisionElsewhere of a command', () => {
  const asked = approval({ kind: 'command', session_id: 'remote_a1b2c3d4', details: details() });
  const commandEvent = (name: AgentEventName, more: object, by?: Decider): AgentEvent => {
    const { data, ...rest } = event(name, 'remote_a1b2c3d4', by);
    return { ...rest, data: { ...data, command_id: 'command_1', ...more } };
  };

  it.each([
    ['remote_command_started', {}, 'panel', 'Allowed in the panel.'],
    ['remote_command_finished', { status: 'completed' }, 'api', 'Allowed over the API.'],
    ['remote_command_finished', { status: 'denied' }, 'tray', 'Denied from the tray menu.'],
    ['remote_command_finished', { status: 'expired' }, 'timeout', 'Denied, because nobody answered in time.'],
    [
      'remote_command_finished',
      { status: 'cancelled', duration_seconds: null },
      'agent',
      'Withdrawn by whoever asked.',
    ],
    [
      'remote_command_finished',
      { status: 'cancelled', duration_seconds: 1 },
      'prompt',
      'Allowed in a prompt.',
    ],
    [
      'remote_command_approval_needed',
      {},
      undefined,
      'It has changed since you were asked, and is asked for again.',
    ],
  ] as const)('tells of %s %j by %s', (name, more, by, sentence) => {
    const other = { ...commandEvent('remote_command_started', { command_id: 'command_2' }) };
    const ofSession = event('remote_session_stopped', 'remote_a1b2c3d4');
    expect(describeDecisionElsewhere(asked, [commandEvent(name, more, by), other, ofSession])).toBe(sentence);
  });

  it('does not take what a command did for a decision on its session', () => {
    const ofSession = approval({ session_id: 'remote_a1b2c3d4' });
    const events = [
      event('remote_session_denied', 'remote_a1b2c3d4', 'tray'),
      commandEvent('remote_command_started', {}),
    ];
    expect(describeDecisionElsewhere(ofSession, events)).toBe('Denied from the tray menu.');
  });
});
