import { describe, expect, it } from 'vitest';
import {
  describeLockEvent,
  describeSessionEvent,
  RESTART_REASON,
} from '../../../src-main/sessions/session-events.ts';
import type { RemoteRecord, ScreenRecord } from '../../../src-main/sessions/session-record.ts';
import { agentEventDataSchema, agentEventNameSchema } from '../../../src-shared/events.ts';
import { PRESETS, type Quality } from '../../../src-shared/presets.ts';
import { safetyModeSchema } from '../../../src-shared/sessions.ts';
import { PRIMARY_SCREEN } from '../../../src-shared/sources.ts';

const AT_MS = Date.UTC(2026, 2, 4, 5, 6, 7, 89);
const TIMESTAMP = '2026-03-04T05:06:07.089Z';

const common = {
  userId: 'grace',
  metadata: { ticket: 7 },
  origin: 'this machine',
  owner: null,
  approvalId: null,
  expiresAtMs: null,
  startedAtMs: AT_MS,
  lastActivityAtMs: AT_MS,
  durationSeconds: 0,
  stoppedAtMs: null,
  stopReason: null,
};

function remote(fields: Partial<RemoteRecord> = {}): RemoteRecord {
  return {
    ...common,
    sessionId: 'remote_a1b2c3d4',
    type: 'remote_access',
    status: 'active',
    safetyMode: 'supervised',
    commandsExecuted: 0,
    ...fields,
  };
}

function screen(fields: Partial<ScreenRecord> = {}): ScreenRecord {
  return {
    ...common,
    sessionId: 'screen_5f6a7b8c',
    type: 'screen_share',
    status: 'active',
    quality: 'medium',
    source: PRIMARY_SCREEN,
    isRecorded: false,
    framesCaptured: 0,
    ...fields,
  };
}

describe('the events of the contract, word for word', () => {
  it.each([
    {
      draft: describeSessionEvent(remote(), 'start', AT_MS, 'api'),
      event: 'remote_session_started',
      badge: '🔓',
      message: 'Remote access session started (supervised mode)',
      extra: { safety_mode: 'supervised', by: 'api' },
    },
    {
      draft: describeSessionEvent(
        remote({ status: 'pending_approval', safetyMode: 'autonomous', approvalId: 'approval_1' }),
        'start',
        AT_MS,
        'api',
      ),
      event: 'remote_session_approval_needed',
      badge: '🔐',
      message: 'Remote access session remote_a1b2c3d4 needs approval (autonomous mode)',
      extra: { safety_mode: 'autonomous', approval_id: 'approval_1', by: 'api' },
    },
    {
      draft: describeSessionEvent(remote({ safetyMode: 'autonomous' }), 'approve', AT_MS, 'panel'),
      event: 'remote_session_approved',
      badge: '✅',
      message: 'Remote access session approved and activated',
      extra: { safety_mode: 'autonomous', decided_by: 'panel' },
    },
    {
      draft: describeSessionEvent(
        remote({ status: 'stopped', stopReason: 'User requested' }),
        'stop',
        AT_MS,
        'api',
      ),
      event: 'remote_session_stopped',
      badge: '🔒',
      message: 'Remote access session stopped: User requested',
      extra: { reason: 'User requested', by: 'api' },
    },
    {
      draft: describeSessionEvent(screen(), 'start', AT_MS, 'api'),
      event: 'screen_share_started',
      badge: '📺',
      message: 'Screen share session started (medium quality)',
      extra: { quality: 'medium', by: 'api' },
    },
    {
      draft: describeSessionEvent(screen({ status: 'stopped', stopReason: 'Lunch' }), 'stop', AT_MS, 'api'),
      event: 'screen_share_stopped',
      badge: '📺',
      message: 'Screen share session ended',
      extra: { reason: 'Lunch', by: 'api' },
    },
    {
      draft: describeSessionEvent(
        remote({ status: 'dropped', stopReason: 'No sign of life' }),
        'drop',
        AT_MS,
        'api',
      ),
      event: 'remote_access_dropped',
      badge: '⚠️',
      message: 'remote_access session dropped (inactive)',
      extra: { reason: 'No sign of life', by: 'api' },
    },
    {
      draft: describeSessionEvent(
        screen({ status: 'dropped', stopReason: 'No sign of life' }),
        'drop',
        AT_MS,
        'api',
      ),
      event: 'screen_share_dropped',
      badge: '⚠️',
      message: 'screen_share session dropped (inactive)',
      extra: { reason: 'No sign of life', by: 'api' },
    },
  ])('$event', ({ draft, event, badge, message, extra }) => {
    expect(draft.event).toBe(event);
    const sessionId = event.startsWith('screen') ? 'screen_5f6a7b8c' : 'remote_a1b2c3d4';
    expect(draft.data).toEqual({
      session_id: sessionId,
      user_id: 'grace',
      message,
      badge,
      timestamp: TIMESTAMP,
      ...extra,
    });
  });

  it.each(safetyModeSchema.options)('names the mode %s', (safetyMode) => {
    expect(describeSessionEvent(remote({ safetyMode }), 'start', AT_MS, 'api').data.message).toBe(
      `Remote access session started (${safetyMode} mode)`,
    );
  });

  it.each(Object.keys(PRESETS) as Quality[])('names the quality %s', (quality) => {
    expect(describeSessionEvent(screen({ quality }), 'start', AT_MS, 'api').data.message).toBe(
      `Screen share session started (${quality} quality)`,
    );
  });
});

describe('the events beside the contract’s table', () => {
  it('tells of a denial and of an expiry with the reason and who decided', () => {
    const denied = remote({ status: 'denied', stopReason: 'not now' });
    expect(describeSessionEvent(denied, 'deny', AT_MS, 'tray')).toMatchObject({
      event: 'remote_session_denied',
      data: { message: 'Remote access session denied: not now', reason: 'not now', decided_by: 'tray' },
    });
    const expired = remote({ status: 'expired', stopReason: 'No answer within 60 s' });
    expect(describeSessionEvent(expired, 'expire', AT_MS, 'timeout')).toMatchObject({
      event: 'remote_session_expired',
      data: { reason: 'No answer within 60 s', decided_by: 'timeout' },
    });
  });

  it('says of a session that a crash cut off that the agent restarted', () => {
    const cut = remote({ status: 'dropped', stopReason: RESTART_REASON });
    expect(describeSessionEvent(cut, 'drop', AT_MS, 'api').data).toMatchObject({
      message: 'remote_access session dropped (agent restarted)',
      reason: 'Agent restarted',
    });
  });

  it('tells of the owner’s lock and its end', () => {
    expect(describeLockEvent(true, 'Enough', AT_MS, 'api')).toMatchObject({
      event: 'locked_by_owner',
      data: { reason: 'Enough', timestamp: TIMESTAMP },
    });
    expect(describeLockEvent(false, '', AT_MS, 'api')).toMatchObject({ event: 'rearmed' });
  });

  it('tells of a screen share that has to be approved as of remote access', () => {
    const pending = screen({ status: 'pending_approval', approvalId: 'approval_1' });
    expect(describeSessionEvent(pending, 'start', AT_MS, 'api')).toMatchObject({
      event: 'screen_share_approval_needed',
      data: { badge: '🔐', approval_id: 'approval_1', quality: 'medium' },
    });
    for (const [move, event] of [
      ['approve', 'screen_share_approved'],
      ['deny', 'screen_share_denied'],
      ['expire', 'screen_share_expired'],
    ] as const) {
      const told = describeSessionEvent(screen({ stopReason: 'why' }), move, AT_MS, 'panel');
      expect(told).toMatchObject({ event, data: { decided_by: 'panel' } });
    }
  });

  it('never carries metadata, and always fits the schema of the wire', () => {
    const drafts = [
      describeSessionEvent(remote(), 'start', AT_MS, 'api'),
      describeSessionEvent(screen(), 'start', AT_MS, 'api'),
      describeLockEvent(true, 'x', AT_MS, 'api'),
    ];
    for (const { event, data } of drafts) {
      expect(agentEventNameSchema.safeParse(event).success).toBe(true);
      expect(agentEventDataSchema.safeParse(data).success).toBe(true);
      expect(data).not.toHaveProperty('metadata');
    }
  });
});
