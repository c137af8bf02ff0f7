import type { Advisory } from '#shared/advisories';
import type { Approval } from '#shared/approvals';
import type { AgentEvent, AgentEventName, ServerMessage } from '#shared/events';
import type { LiveSession } from '#shared/sessions';

const REMEMBERED_EVENTS = 20;

const ENDINGS: ReadonlySet<AgentEventName> = new Set([
  'remote_session_denied',
  'remote_session_expired',
  'remote_session_stopped',
  'remote_access_dropped',
  'screen_share_denied',
  'screen_share_expired',
  'screen_share_stopped',
  'screen_share_dropped',
]);

/** What the agent shows at one moment: everything live, everything that waits, what to know, and the lock. */
export interface LiveView {
  readonly sessions: readonly LiveSession[];
  readonly approvals: readonly Approval[];
  readonly advisories: readonly Advisory[];
  readonly locked: boolean;
}

/** What this page knows of the agent. */
export interface LiveState extends LiveView {
  /** When the view was received, on the monotonic clock: durations and countdowns go on from there. */
  readonly receivedAtMs: number;
  /** The latest events of this connection, oldest first. */
  readonly recentEvents: readonly AgentEvent[];
  /** Rises whenever the history may have grown. */
  readonly historyVersion: number;
}

/** What a page knows before it has heard from the agent. */
export const UNKNOWN_LIVE_STATE: LiveState = {
  sessions: [],
  approvals: [],
  advisories: [],
  locked: false,
  receivedAtMs: 0,
  recentEvents: [],
  historyVersion: 0,
};

/** The state after `message`, which arrived at `nowMs` on the monotonic clock. */
export function applyMessage(state: LiveState, message: ServerMessage, nowMs: number): LiveState {
  if (message.event === 'snapshot') {
    const { active_sessions: sessions, approvals, advisories, locked } = message.data;
    return applyView(state, { sessions, approvals, advisories, locked }, nowMs);
  }
  if (message.event === 'remote_command_output') return state;
  if (message.event === 'gap') return { ...state, historyVersion: state.historyVersion + 1 };
  return {
    ...state,
    recentEvents: [...state.recentEvents, message].slice(-REMEMBERED_EVENTS),
    historyVersion: state.historyVersion + (ENDINGS.has(message.event) ? 1 : 0),
  };
}

/** The state after the whole view was fetched anew. */
export function applyView(state: LiveState, view: LiveView, nowMs: number): LiveState {
  const stillLive = new Set(view.sessions.map((session) => session.session_id));
  const hasLostSome = state.sessions.some((session) => !stillLive.has(session.session_id));
  return {
    ...state,
    ...view,
    receivedAtMs: nowMs,
    historyVersion: state.historyVersion + (hasLostSome ? 1 : 0),
  };
}
