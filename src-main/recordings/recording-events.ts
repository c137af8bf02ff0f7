import type { Decider } from '#shared/approvals';
import type { EventDraft } from '../sessions/session-journal.ts';
import type { RecordingRecord } from './recording-record.ts';

/** What happens to a recording. */
export type RecordingHappening = 'start' | 'pause' | 'resume' | 'end' | 'delete';

const WORDINGS = {
  start: { event: 'recording_started', badge: '🔴', message: 'This screen share is being recorded' },
  pause: { event: 'recording_paused', badge: '⏸️', message: 'The recording is paused' },
  resume: { event: 'recording_resumed', badge: '🔴', message: 'The recording goes on' },
  delete: { event: 'recording_deleted', badge: '🗑️', message: 'A recording was deleted' },
} as const;

/** The event that tells of it. `atMs` is wall time. */
export function describeRecordingEvent(
  record: RecordingRecord,
  happening: RecordingHappening,
  atMs: number,
  by: Decider,
): EventDraft {
  const { recordingId, sessionId, userId, reason } = record;
  const wording = happening === 'end' ? describeEnd(record) : WORDINGS[happening];
  return {
    event: wording.event,
    data: {
      session_id: sessionId,
      user_id: userId,
      message: wording.message,
      badge: wording.badge,
      timestamp: new Date(atMs).toISOString(),
      by,
      recording_id: recordingId,
      ...(happening === 'end' ? { state: record.state, reason } : {}),
    },
  };
}

function describeEnd({ state, reason }: RecordingRecord) {
  const tail = reason === null ? '' : `: ${reason}`;
  return state === 'finished'
    ? ({ event: 'recording_stopped', badge: '⏹️', message: `The recording ended${tail}` } as const)
    : ({
        event: 'recording_stopped',
        badge: '⚠️',
        message: `The recording ${state === 'failed' ? 'failed' : 'was cut off'}${tail}`,
      } as const);
}
