import { PortholeError } from '#shared/errors';
import { type EndStatus, endStatusSchema, type SessionStatus } from '#shared/sessions';

/** What can happen to a session after it was started. */
export type SessionMove = 'approve' | 'deny' | 'expire' | 'stop' | 'drop';

/**
 * The state machine of every session, remote access and screen share alike: which move leads from which state
 * to which. A move that is not listed is illegal. Screen shares start `active`; so does remote access, unless
 * its start needs approval.
 */
export const SESSION_MOVES: Readonly<
  Record<SessionStatus, Partial<Readonly<Record<SessionMove, SessionStatus>>>>
> = {
  pending_approval: {
    approve: 'active',
    deny: 'denied',
    expire: 'expired',
    stop: 'stopped',
    drop: 'dropped',
  },
  active: { stop: 'stopped', drop: 'dropped' },
  stopped: {},
  denied: {},
  expired: {},
  dropped: {},
};

/** Whether a session in `status` has ended for good. */
export function isEndStatus(status: SessionStatus): status is EndStatus {
  return endStatusSchema.safeParse(status).success;
}

/**
 * The state that `move` leads to from `from`. Throws `session_not_pending` for a decision on a session that
 * does not wait for one, `session_ended` for any other move on an ended session.
 */
export function nextStatus(from: SessionStatus, move: SessionMove): SessionStatus {
  const to = SESSION_MOVES[from][move];
  if (to) return to;
  if (move === 'stop' || move === 'drop') throw new PortholeError('session_ended');
  throw new PortholeError('session_not_pending', `The session is not waiting for approval; it is ${from}.`);
}
