import { z } from 'zod';
import { qualitySchema } from './presets.ts';

// Not from sessions.ts, which shows a share's recording.
const timestamp = z.iso.datetime();

/**
 * Whether a share is recorded (`recording`, `paused`), or how its recording ended: `finished` as it should, `failed`
 * because something went wrong, `interrupted` because the agent ended without an end. What there is plays in each case.
 */
export const recordingStateSchema = z.enum(['recording', 'paused', 'finished', 'failed', 'interrupted']);
export type RecordingState = z.infer<typeof recordingStateSchema>;

/** A recording of a screen share. */
export const recordingSchema = z
  .object({
    recording_id: z.string(),
    session_id: z.string(),
    user_id: z.string(),
    quality: qualitySchema,
    state: recordingStateSchema,
    /** Why it ended, for people; null while it runs and where somebody ended it. */
    reason: z.string().nullable(),
    started_at: timestamp,
    stopped_at: timestamp.nullable(),
    /** How long it plays. */
    duration_seconds: z.number().min(0),
    size_bytes: z.int().min(0),
  })
  .meta({ id: 'Recording' });
export type Recording = z.infer<typeof recordingSchema>;

/** What a live share tells of its newest recording. */
export const shareRecordingSchema = recordingSchema
  .pick({ recording_id: true, state: true, reason: true, duration_seconds: true, size_bytes: true })
  .meta({ id: 'ShareRecording' });
export type ShareRecording = z.infer<typeof shareRecordingSchema>;

/** Body of a change of a share's recording. `recording` begins one, or goes on with one that is paused. */
export const recordBodySchema = z.strictObject({ state: z.enum(['recording', 'paused', 'stopped']) });

/** A recording id. */
export const RECORDING_ID_PATTERN = /^recording_[0-9a-f]{8}$/;

/** Where a recording is played from. */
export function recordingUrl(recordingId: string): string {
  return `/api/recordings/${recordingId}`;
}

/** Whether a recording takes in what the screen shows, or could at any moment. */
export function isRecordingOn(state: RecordingState): boolean {
  return state === 'recording' || state === 'paused';
}
