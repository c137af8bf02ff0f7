import { z } from 'zod';
import { viewerSchema } from './access.ts';
import type { Endpoint } from './api.ts';
import { qualitySchema } from './presets.ts';
import { optionalWholeNumber } from './query-values.ts';
import { recordingStateSchema } from './recordings.ts';
import { captureStateSchema, liveScreenSchema, timestampSchema } from './sessions.ts';

const ofSession = z.strictObject({ session_id: z.string() });

/** In a query: lets a viewer in who can send nothing else. */
export const viewKeyQuery = z
  .string()
  .optional()
  .meta({ description: 'A view key, for those who can send nothing else' });

/** What a snapshot can be. */
export const snapshotFormatSchema = z.enum(['jpeg', 'png', 'webp']);

/** See {@link snapshotFormatSchema}. */
export type SnapshotFormat = z.infer<typeof snapshotFormatSchema>;

/** How a snapshot is asked for. Without any of it, it is the newest frame of the stream as it is. */
export const snapshotQuerySchema = z.strictObject({
  key: viewKeyQuery,
  width: optionalWholeNumber(16, 16_384).describe('The largest width in pixels; nothing is scaled up'),
  format: snapshotFormatSchema.default('jpeg'),
  quality: optionalWholeNumber(1, 100).describe('Of jpeg and webp; png loses nothing'),
});

/** See {@link snapshotQuerySchema}. */
export type SnapshotQuery = z.infer<typeof snapshotQuerySchema>;

/** A share's stream in figures. */
export const streamStateSchema = z
  .object({
    session_id: z.string(),
    quality: qualitySchema,
    /** The agent's clock as it answered, for clients that compare the pictures' times with their own clock. */
    time: timestampSchema,
    /** What the picture is doing. */
    capture: captureStateSchema,
    frame_size: liveScreenSchema.shape.frame_size,
    /** Whether what viewers see is being recorded. */
    recording: recordingStateSchema.extract(['recording', 'paused']).nullable(),
    /** How long ago the screen was last looked at; null while there is no picture of it. */
    frame_age_ms: z.number().min(0).nullable(),
    /** Looks at the screen per second lately, those that found nothing new included. */
    fps_in: z.number().min(0),
    /** Different pictures handed over per second lately, to all viewers together. */
    fps_out: z.number().min(0),
    frames_captured: z.int().min(0),
    /** These three count over all viewers, those that have left included. */
    frames_delivered: z.int().min(0),
    frames_dropped: z.int().min(0),
    bytes_delivered: z.int().min(0),
    viewer_count: z.int().min(0),
    /** Everybody who watches, or only the caller if that is all that they may know. */
    viewers: z.array(viewerSchema),
  })
  .meta({ id: 'StreamState' });

/** See {@link streamStateSchema}. */
export type StreamStateEntry = z.infer<typeof streamStateSchema>;

/** The endpoints of the streams that answer with JSON, a part of the JSON API. */
export const STREAM_API = {
  streamState: {
    method: 'get',
    path: '/stream/{session_id}/state',
    takesKey: true,
    summary: "A share's stream in figures; who may only watch sees no other viewers",
    params: ofSession,
    query: z.strictObject({ key: viewKeyQuery }),
    body: z.strictObject({}),
    answer: streamStateSchema,
    errors: ['session_not_found', 'session_not_active', 'stream_ended'],
  },
} as const satisfies Record<string, Endpoint>;
