import { z } from 'zod';
import { metadataSchema } from './metadata.ts';
import { qualitySchema } from './presets.ts';
import { shareRecordingSchema } from './recordings.ts';
import { sharedSourceSchema, sourceIdSchema } from './sources.ts';
import { callerTextSchema } from './text.ts';

/** What a session is for. */
export const sessionTypeSchema = z.enum(['remote_access', 'screen_share']);
export type SessionType = z.infer<typeof sessionTypeSchema>;

/** How far an operator may go in a remote access session. */
export const safetyModeSchema = z.enum(['supervised', 'autonomous', 'read_only']);
export type SafetyMode = z.infer<typeof safetyModeSchema>;

/** Every state that a session can be in; the last four are ends. */
export const sessionStatusSchema = z.enum([
  'pending_approval',
  'active',
  'stopped',
  'denied',
  'expired',
  'dropped',
]);
export type SessionStatus = z.infer<typeof sessionStatusSchema>;

/** States that a session never leaves. */
export const endStatusSchema = z.enum(['stopped', 'denied', 'expired', 'dropped']);
export type EndStatus = z.infer<typeof endStatusSchema>;

/** A session id of either type: a name, never a secret. */
export const SESSION_ID_PATTERN = /^(remote|screen)_[0-9a-f]{8}$/;

/** A moment as ISO 8601 in UTC with a trailing `Z`. */
export const timestampSchema = z.iso.datetime();

const seconds = z.number().min(0);
const count = z.int().min(0);

const liveFields = {
  session_id: z.string(),
  user_id: z.string(),
  started_at: timestampSchema,
  duration_seconds: seconds,
  last_activity: timestampSchema,
  /** While it waits for approval: until when, and under which id. */
  expires_at: timestampSchema.optional(),
  approval_id: z.string().optional(),
  /** Left out of the snapshots that are pushed: it may be large and never changes. */
  metadata: metadataSchema.optional(),
};

/** A remote access session that is active or waits for approval. */
export const liveRemoteSchema = z
  .object({
    ...liveFields,
    type: z.literal('remote_access'),
    status: z.enum(['pending_approval', 'active']),
    safety_mode: safetyModeSchema,
    commands_executed: count,
  })
  .meta({ id: 'LiveRemoteSession' });
export type LiveRemote = z.infer<typeof liveRemoteSchema>;

/** What the capture behind a share is doing; `message` says why there is no picture. */
export const captureStateSchema = z.object({
  state: z.enum(['starting', 'live', 'recovering', 'failed', 'paused', 'hidden', 'gone']),
  message: z.string().optional(),
});
export type CaptureState = z.infer<typeof captureStateSchema>;

/** A screen share that is active or waits for approval. `frame_size` is the real size in pixels, null before the first frame. */
export const liveScreenSchema = z
  .object({
    ...liveFields,
    type: z.literal('screen_share'),
    status: z.enum(['pending_approval', 'active']),
    quality: qualitySchema,
    source: sharedSourceSchema,
    paused: z.boolean(),
    /** Whether the mouse pointer is in the picture. */
    cursor: z.boolean(),
    stream_url: z.string(),
    frames_captured: count,
    frame_size: z.object({ width: z.int(), height: z.int() }).nullable(),
    capture: captureStateSchema,
    viewers: count,
    /** Its newest recording, whether it runs or has ended; null before the first. */
    recording: shareRecordingSchema.nullable(),
  })
  .meta({ id: 'LiveScreenSession' });
export type LiveScreen = z.infer<typeof liveScreenSchema>;

/** The status object of any live session. */
export const liveSessionSchema = z.discriminatedUnion('type', [liveRemoteSchema, liveScreenSchema]);
export type LiveSession = z.infer<typeof liveSessionSchema>;

const archivedFields = {
  session_id: z.string(),
  status: endStatusSchema,
  user_id: z.string(),
  started_at: timestampSchema,
  stopped_at: timestampSchema,
  stop_reason: z.string(),
  duration_seconds: seconds,
};

/** A remote access session that ended. */
export const archivedRemoteSchema = z
  .object({
    ...archivedFields,
    type: z.literal('remote_access'),
    safety_mode: safetyModeSchema,
    commands_executed: count,
  })
  .meta({ id: 'ArchivedRemoteSession' });
export type ArchivedRemote = z.infer<typeof archivedRemoteSchema>;

/** A screen share that ended. */
export const archivedScreenSchema = z
  .object({
    ...archivedFields,
    type: z.literal('screen_share'),
    quality: qualitySchema,
    source: sharedSourceSchema,
    frames_captured: count,
  })
  .meta({ id: 'ArchivedScreenSession' });
export type ArchivedScreen = z.infer<typeof archivedScreenSchema>;

/** An entry of the history. */
export const archivedSessionSchema = z.discriminatedUnion('type', [
  archivedRemoteSchema,
  archivedScreenSchema,
]);
export type ArchivedSession = z.infer<typeof archivedSessionSchema>;

/** Body of a remote access start. */
export const startRemoteBodySchema = z.strictObject({
  user_id: callerTextSchema.default('user'),
  safety_mode: safetyModeSchema.default('supervised'),
  metadata: metadataSchema.default({}),
  reason: callerTextSchema.optional(),
});
export type StartRemoteBody = z.infer<typeof startRemoteBodySchema>;

/** Body of a screen share start. */
export const startScreenBodySchema = z.strictObject({
  user_id: callerTextSchema.default('user'),
  quality: qualitySchema.default('medium'),
  metadata: metadataSchema.default({}),
  /** What to share; the primary screen if it is left out. */
  source_id: sourceIdSchema.optional(),
  /** Whether it is recorded from its start. */
  record: z.boolean().optional(),
});
export type StartScreenBody = z.infer<typeof startScreenBodySchema>;

/** Body of a change of a running screen share: what is left out stays as it is. */
export const updateScreenBodySchema = z.strictObject({
  quality: qualitySchema.optional(),
  source_id: sourceIdSchema.optional(),
  paused: z.boolean().optional(),
  cursor: z.boolean().optional(),
});
export type UpdateScreenBody = z.infer<typeof updateScreenBodySchema>;

/** The first characters of an id, as people are shown it: 9 of a remote one, 10 of a screen one. */
export function shortSessionId(sessionId: string): string {
  return sessionId.slice(0, sessionId.startsWith('screen_') ? 10 : 9);
}
