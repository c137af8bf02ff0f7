import type { ShareRecording } from '#shared/recordings';
import type {
  ArchivedRemote,
  ArchivedScreen,
  ArchivedSession,
  CaptureState,
  LiveRemote,
  LiveScreen,
} from '#shared/sessions';
import type { RemoteRecord, ScreenRecord, SessionRecord } from './session-record.ts';
import { isEndStatus } from './session-state.ts';

/** What a share's stream adds to its status object. */
export interface ShareView {
  readonly frameSize: { readonly widthPx: number; readonly heightPx: number } | null;
  readonly capture: CaptureState;
  readonly paused: boolean;
  readonly viewers: number;
  readonly recording: ShareRecording | null;
}

const toIso = (wallMs: number): string => new Date(wallMs).toISOString();

/** The path at which a share's stream is served. */
export function streamUrl(sessionId: string): string {
  return `/stream/${sessionId}`;
}

function liveFields(record: SessionRecord) {
  const pending = record.status === 'pending_approval';
  return {
    session_id: record.sessionId,
    user_id: record.userId,
    started_at: toIso(record.startedAtMs),
    duration_seconds: record.durationSeconds,
    last_activity: toIso(record.lastActivityAtMs),
    metadata: record.metadata,
    status: pending ? ('pending_approval' as const) : ('active' as const),
    ...(pending && record.expiresAtMs !== null ? { expires_at: toIso(record.expiresAtMs) } : {}),
    ...(pending && record.approvalId !== null ? { approval_id: record.approvalId } : {}),
  };
}

/** The wire form of remote access that is active or pending. */
export function toLiveRemote(record: RemoteRecord): LiveRemote {
  return {
    ...liveFields(record),
    type: 'remote_access',
    safety_mode: record.safetyMode,
    commands_executed: record.commandsExecuted,
  };
}

/** The wire form of a screen share that is active or pending. */
export function toLiveScreen(record: ScreenRecord, share: ShareView): LiveScreen {
  return {
    ...liveFields(record),
    type: 'screen_share',
    quality: record.quality,
    source: record.source,
    paused: share.paused,
    // No platform that we capture on lets us leave it out.
    cursor: true,
    stream_url: streamUrl(record.sessionId),
    frames_captured: record.framesCaptured,
    frame_size: share.frameSize && { width: share.frameSize.widthPx, height: share.frameSize.heightPx },
    capture: share.capture,
    viewers: share.viewers,
    recording: share.recording,
  };
}

function archivedFields(record: SessionRecord) {
  if (!isEndStatus(record.status) || record.stoppedAtMs === null) {
    throw new Error(`Session ${record.sessionId} has not ended`);
  }
  return {
    session_id: record.sessionId,
    status: record.status,
    user_id: record.userId,
    started_at: toIso(record.startedAtMs),
    stopped_at: toIso(record.stoppedAtMs),
    stop_reason: record.stopReason ?? '',
    duration_seconds: record.durationSeconds,
  };
}

/** The wire form of remote access that ended. Throws if it has not. */
export function toArchivedRemote(record: RemoteRecord): ArchivedRemote {
  return {
    ...archivedFields(record),
    type: 'remote_access',
    safety_mode: record.safetyMode,
    commands_executed: record.commandsExecuted,
  };
}

/** The wire form of a screen share that ended. Throws if it has not. */
export function toArchivedScreen(record: ScreenRecord): ArchivedScreen {
  return {
    ...archivedFields(record),
    type: 'screen_share',
    quality: record.quality,
    source: record.source,
    frames_captured: record.framesCaptured,
  };
}

/** The wire form of any session that ended. Throws if it has not. */
export function toArchivedSession(record: SessionRecord): ArchivedSession {
  return record.type === 'remote_access' ? toArchivedRemote(record) : toArchivedScreen(record);
}
