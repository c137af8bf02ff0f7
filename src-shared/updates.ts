import { z } from 'zod';
import { timestampSchema } from './sessions.ts';

/**
 * How far this copy is with updates: `off` while no address is set, `unavailable` where it cannot be updated at all.
 * `available` waits for the person; `ready` is put in place when the agent quits.
 */
export const updateStateSchema = z
  .object({
    state: z.enum([
      'off',
      'unavailable',
      'checking',
      'current',
      'available',
      'downloading',
      'ready',
      'failed',
    ]),
    /** What runs now. */
    version: z.string(),
    /** What the update server offers that is newer; null for nothing. */
    latest: z.string().nullable(),
    /** One sentence for people. */
    message: z.string(),
    /** Of a download: how much of it is there, from 0 to 1. */
    progress: z.number().min(0).max(1).nullable(),
    /** When the server last answered something that could be believed. */
    checked_at: timestampSchema.nullable(),
  })
  .meta({ id: 'UpdateState' });
export type UpdateState = z.infer<typeof updateStateSchema>;

/**
 * The address of an update server, a folder, or nothing. Only HTTPS keeps others from putting a release of theirs in the
 * place of ours; a server on this very machine may do without.
 */
export const UPDATE_ADDRESS_OR_NONE =
  /^(?:https:\/\/[^\s@?#]+|http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?:[:/][^\s@?#]*)?)?$/;
