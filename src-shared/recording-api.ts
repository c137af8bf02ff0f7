import { z } from 'zod';
import type { Endpoint } from './api.ts';
import { wholeNumber } from './query-values.ts';
import { recordBodySchema, recordingSchema } from './recordings.ts';

const none = z.strictObject({});
const success = z.literal(true);
const bytes = z.int().min(0);

/** The endpoints of recordings, a part of the JSON API; the recordings themselves are served as WebM. */
export const RECORDING_API = {
  recordShare: {
    method: 'post',
    path: '/api/screen_share/{session_id}/recording',
    summary: 'Begin to record a share, pause that, go on, or end it',
    params: z.strictObject({ session_id: z.string() }),
    query: none,
    body: recordBodySchema,
    answer: z.object({ success, recording: recordingSchema }),
    errors: [
      'session_not_found',
      'session_not_active',
      'stream_ended',
      'recording_off',
      'recording_needs_approval',
      'recordings_full',
      'not_recording',
    ],
  },
  listRecordings: {
    method: 'get',
    path: '/api/recordings',
    summary: 'Recordings, newest start first, and the room they take',
    params: none,
    query: z.strictObject({
      session_id: z.string().optional(),
      limit: wholeNumber(1, 1000, 50),
      offset: wholeNumber(0, 1_000_000_000, 0),
    }),
    body: none,
    answer: z.object({
      recordings: z.array(recordingSchema),
      total: z.int().min(0),
      /** Of all recordings, whatever the page; `limit_bytes` is how much they may take together. */
      used_bytes: bytes,
      limit_bytes: bytes,
    }),
    errors: [],
  },
  deleteRecording: {
    method: 'delete',
    path: '/api/recordings/{recording_id}',
    summary: 'Delete a recording and its file',
    params: z.strictObject({ recording_id: z.string() }),
    query: none,
    body: none,
    answer: z.object({ success, recording_id: z.string() }),
    errors: ['recording_not_found', 'recording_running'],
  },
} as const satisfies Record<string, Endpoint>;
