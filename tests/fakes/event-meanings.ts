import type { SessionMove } from '../../src-main/sessions/session-state.ts';
import type { AgentEventName } from '../../src-shared/events.ts';
import type { SessionStatus } from '../../src-shared/sessions.ts';

/** What each event of a session says of it: the state that it starts in, or the move that it makes. */
export const EVENT_MEANINGS: Partial<
  Record<AgentEventName, { starts: SessionStatus } | { move: SessionMove }>
> = {
  remote_session_started: { starts: 'active' },
  remote_session_approval_needed: { starts: 'pending_approval' },
  screen_share_started: { starts: 'active' },
  remote_session_approved: { move: 'approve' },
  remote_session_denied: { move: 'deny' },
  remote_session_expired: { move: 'expire' },
  remote_session_stopped: { move: 'stop' },
  screen_share_stopped: { move: 'stop' },
  remote_access_dropped: { move: 'drop' },
  screen_share_dropped: { move: 'drop' },
};
