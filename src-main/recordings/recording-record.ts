import type { Quality } from '#shared/presets';
import { isRecordingOn, type Recording, type RecordingState, type ShareRecording } from '#shared/recordings';

/** What there is to record. */
export interface RecordedShare {
  readonly sessionId: string;
  readonly userId: string;
  /** The token that it was started with, or null. */
  readonly owner: string | null;
  /** What it was set to when the recording began. */
  readonly quality: Quality;
}

/** A recording as it is kept; a record never changes, a new one takes its place. */
export interface RecordingRecord extends RecordedShare {
  readonly recordingId: string;
  readonly state: RecordingState;
  readonly reason: string | null;
  /** Wall clock, milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly stoppedAtMs: number | null;
  /** How long it plays. */
  readonly durationMs: number;
  readonly sizeBytes: number;
}

/** The wire form of a recording. */
export function toRecording(record: RecordingRecord): Recording {
  return {
    ...toShareRecording(record),
    session_id: record.sessionId,
    user_id: record.userId,
    quality: record.quality,
    started_at: new Date(record.startedAtMs).toISOString(),
    stopped_at: record.stoppedAtMs === null ? null : new Date(record.stoppedAtMs).toISOString(),
  };
}

/** What a live share tells of its recording. */
export function toShareRecording(record: RecordingRecord): ShareRecording {
  return {
    recording_id: record.recordingId,
    state: record.state,
    reason: record.reason,
    duration_seconds: record.durationMs / 1000,
    size_bytes: record.sizeBytes,
  };
}

/** Whether a recording has not ended. */
export function isOn({ state }: RecordingRecord): boolean {
  return isRecordingOn(state);
}
