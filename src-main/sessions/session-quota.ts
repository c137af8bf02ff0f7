import { PortholeError } from '#shared/errors';
import { type Holder, hasRoom, type Quota } from '../quota.ts';
import type { SessionRecord } from './session-record.ts';

/** So many questions of one token's starts can wait for the person at once. */
const MAX_WAITING_PER_TOKEN = 16;

/** Of all sessions that can be live at once, one token has half at most, and the person a sixteenth that no token gets. */
export function shareOutSessions(maxLiveSessions: number): Quota {
  const reserved = Math.floor(maxLiveSessions / 16);
  const others = maxLiveSessions - reserved;
  return { others, perHolder: Math.ceil(others / 2), reserved };
}

/** Throws `too_many_sessions` if `owner`, a token or null for the person, may not start one more beside those that are live. */
export function assertHasRoom(quota: Quota, live: readonly SessionRecord[], owner: Holder): void {
  const owners = live.map((record) => record.owner);
  if (!hasRoom(quota, owners, owner)) throw new PortholeError('too_many_sessions');
  const waiting = live.filter((record) => record.owner === owner && record.status === 'pending_approval');
  if (owner !== null && waiting.length >= MAX_WAITING_PER_TOKEN) {
    throw new PortholeError(
      'too_many_sessions',
      `${waiting.length} requests of this token wait for an answer already.`,
    );
  }
}
