import { type LiveSession, type SessionType, shortSessionId } from '#shared/sessions';
import type { OwnSessionState } from '../agent/own-session.ts';
import { END_NAMES } from '../text/session-words.ts';

/** What a connect button looks like and does, and what stands below it. */
export interface ConnectView {
  readonly label: string;
  /** `off` and `busy` are gray, `pending` is orange and pulses, `on` is green. */
  readonly tone: 'off' | 'busy' | 'pending' | 'on';
  /** What a press does; null while the agent is working on the last one. */
  readonly press: 'start' | 'stop' | 'cancel' | null;
  /** The session whose id is shown; null when none is on. */
  readonly session: {
    readonly id: string;
    readonly shortId: string;
    readonly streamUrl: string | null;
  } | null;
  /** What follows `Status: `. */
  readonly status: string | null;
  /** Whether nothing can start because everything was stopped. */
  readonly isLocked: boolean;
  /** Why the last session ended, where the person did not end it here. */
  readonly explanation: string | null;
  readonly error: string | null;
}

const LABELS = {
  remote_access: {
    off: '🔒 Remote Access',
    busy: '⏳ Loading...',
    pending: '🔐 Pending',
    on: '🔓 Connected',
  },
  screen_share: { off: '📺 Screen Share', busy: '⏳ Loading...', pending: '🔐 Pending', on: '📺 Sharing' },
} as const satisfies Record<SessionType, Record<ConnectView['tone'], string>>;

const ACTIVE_STATUS = {
  remote_access: 'Connected',
  screen_share: 'Sharing (active)',
} as const satisfies Record<SessionType, string>;

/**
 * The contract's table of UI states: how the button of `type` shows the page's own session. While `locked` nothing starts,
 * and a button that would start something does nothing.
 */
export function deriveConnectView(type: SessionType, own: OwnSessionState, locked = false): ConnectView {
  const { error } = own;
  const nothing = { session: null, status: null, isLocked: false, explanation: null, error };
  if (own.operation !== 'idle') return { ...nothing, label: LABELS[type].busy, tone: 'busy', press: null };
  if (own.sessionId === null) {
    return {
      ...nothing,
      label: LABELS[type].off,
      tone: 'off',
      press: locked ? null : 'start',
      isLocked: locked,
      status: own.end && END_NAMES[own.end.status],
      explanation: own.end?.explanation ?? null,
    };
  }
  switch (own.status) {
    case null:
      return { ...nothing, label: LABELS[type].busy, tone: 'busy', press: null };
    case 'pending_approval':
      return {
        ...nothing,
        label: LABELS[type].pending,
        tone: 'pending',
        press: 'cancel',
        status: 'Pending Approval',
      };
    case 'active':
      return {
        ...nothing,
        label: LABELS[type].on,
        tone: 'on',
        press: 'stop',
        session: {
          id: own.sessionId,
          shortId: shortSessionId(own.sessionId),
          streamUrl: type === 'screen_share' ? `/stream/${own.sessionId}` : null,
        },
        status: ACTIVE_STATUS[type],
      };
  }
}

/** The live sessions that this page did not start, in the agent's order. */
export function selectSessionsElsewhere(
  sessions: readonly LiveSession[],
  own: readonly OwnSessionState[],
): LiveSession[] {
  const ownIds = new Set(own.map(({ sessionId }) => sessionId));
  return sessions.filter((session) => !ownIds.has(session.session_id));
}
