import type { Approval } from '#shared/approvals';
import type { Snapshot } from '#shared/events';
import type { ArchivedSession, LiveRemote, LiveScreen, LiveSession } from '#shared/sessions';
import { PRIMARY_SCREEN } from '../../../../src-shared/sources.ts';

const AT = '2026-01-01T00:00:00.000Z';

/** An active remote session, except for `differences`. */
export function liveRemote(differences: Partial<LiveRemote> = {}): LiveRemote {
  return {
    session_id: 'remote_00000001',
    type: 'remote_access',
    status: 'active',
    user_id: 'user',
    safety_mode: 'supervised',
    started_at: AT,
    last_activity: AT,
    duration_seconds: 1,
    commands_executed: 0,
    metadata: {},
    ...differences,
  };
}

/** An active share, except for `differences`. */
export function liveScreen(differences: Partial<LiveScreen> = {}): LiveScreen {
  return {
    session_id: 'screen_00000001',
    type: 'screen_share',
    status: 'active',
    user_id: 'user',
    quality: 'medium',
    source: PRIMARY_SCREEN,
    paused: false,
    cursor: true,
    stream_url: '/stream/screen_00000001',
    started_at: AT,
    last_activity: AT,
    duration_seconds: 1,
    frames_captured: 0,
    frame_size: null,
    capture: { state: 'starting' },
    viewers: 0,
    recording: null,
    metadata: {},
    ...differences,
  };
}

/** A stopped remote session, except for `differences`. */
export function archived(
  differences: Partial<ArchivedSession & { type: 'remote_access' }> = {},
): ArchivedSession {
  return {
    session_id: 'remote_00000001',
    type: 'remote_access',
    status: 'stopped',
    user_id: 'user',
    safety_mode: 'supervised',
    started_at: AT,
    stopped_at: AT,
    stop_reason: 'User requested',
    duration_seconds: 1,
    commands_executed: 0,
    ...differences,
  };
}

/** A request for an autonomous session, except for `differences`. */
export function approval(differences: Partial<Approval> = {}): Approval {
  return {
    approval_id: 'approval_1',
    kind: 'session',
    session_id: 'remote_00000001',
    user_id: 'user',
    summary: 'Remote access in autonomous mode',
    safety_mode: 'autonomous',
    origin: 'this machine',
    requested_at: AT,
    expires_at: AT,
    seconds_left: 60,
    ...differences,
  };
}

/** What the agent pushes when `sessions` are live. */
export function snapshot(sessions: LiveSession[], rest: Partial<Snapshot['data']> = {}, seq = 1): Snapshot {
  return {
    event: 'snapshot',
    seq,
    data: {
      active_sessions: sessions,
      total: sessions.length,
      approvals: [],
      advisories: [],
      locked: false,
      ...rest,
    },
  };
}
