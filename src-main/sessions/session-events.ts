import type { Decider } from '#shared/approvals';
import type { AgentEventData, AgentEventName } from '#shared/events';
import type { EventDraft } from './session-journal.ts';
import type { ScreenRecord, SessionRecord } from './session-record.ts';
import type { SessionMove } from './session-state.ts';
import type { ShareTerms } from './share-updates.ts';

type Happening = 'start' | SessionMove;

interface Wording {
  readonly event: AgentEventName;
  readonly badge: string;
  readonly message: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

const DECISIONS: ReadonlySet<Happening> = new Set(['approve', 'deny', 'expire']);

/**
 * The event that tells of `happening` to `session`, in the contract's words. The session is in the state that
 * the happening led to; `atMs` is wall time; `by` says who made it happen.
 */
export function describeSessionEvent(
  session: SessionRecord,
  happening: Happening,
  atMs: number,
  by: Decider,
): EventDraft {
  const { event, badge, message, extra } =
    session.type === 'remote_access' ? remoteWording(session, happening) : screenWording(session, happening);
  const data: AgentEventData = {
    session_id: session.sessionId,
    user_id: session.userId,
    message,
    badge,
    timestamp: new Date(atMs).toISOString(),
    ...(DECISIONS.has(happening) ? { decided_by: by } : { by }),
    ...extra,
  };
  return { event, data };
}

function remoteWording(session: SessionRecord & { type: 'remote_access' }, happening: Happening): Wording {
  const { safetyMode, sessionId } = session;
  const reason = session.stopReason ?? '';
  switch (happening) {
    case 'start':
      return session.status === 'pending_approval'
        ? {
            event: 'remote_session_approval_needed',
            badge: '🔐',
            message: `Remote access session ${sessionId} needs approval (${safetyMode} mode)`,
            extra: { safety_mode: safetyMode, approval_id: session.approvalId },
          }
        : {
            event: 'remote_session_started',
            badge: '🔓',
            message: `Remote access session started (${safetyMode} mode)`,
            extra: { safety_mode: safetyMode },
          };
    case 'approve':
      return {
        event: 'remote_session_approved',
        badge: '✅',
        message: 'Remote access session approved and activated',
        extra: { safety_mode: safetyMode },
      };
    case 'deny':
      return {
        event: 'remote_session_denied',
        badge: '🚫',
        message: `Remote access session denied: ${reason}`,
        extra: { reason },
      };
    case 'expire':
      return {
        event: 'remote_session_expired',
        badge: '⌛',
        message: `Remote access session expired: ${reason}`,
        extra: { reason },
      };
    case 'stop':
      return {
        event: 'remote_session_stopped',
        badge: '🔒',
        message: `Remote access session stopped: ${reason}`,
        extra: { reason },
      };
    case 'drop':
      return {
        event: 'remote_access_dropped',
        badge: '⚠️',
        message: `remote_access session dropped (${dropCause(reason)})`,
        extra: { reason },
      };
  }
}

function screenWording(session: SessionRecord & { type: 'screen_share' }, happening: Happening): Wording {
  const reason = session.stopReason ?? '';
  switch (happening) {
    case 'start':
      return session.status === 'pending_approval'
        ? {
            event: 'screen_share_approval_needed',
            badge: '🔐',
            message: `Screen share session ${session.sessionId} needs approval (${session.quality} quality)`,
            extra: { quality: session.quality, approval_id: session.approvalId },
          }
        : {
            event: 'screen_share_started',
            badge: '📺',
            message: `Screen share session started (${session.quality} quality)`,
            extra: { quality: session.quality },
          };
    case 'approve':
      return {
        event: 'screen_share_approved',
        badge: '✅',
        message: 'Screen share session approved and activated',
        extra: { quality: session.quality },
      };
    case 'deny':
      return {
        event: 'screen_share_denied',
        badge: '🚫',
        message: `Screen share session denied: ${reason}`,
        extra: { reason },
      };
    case 'expire':
      return {
        event: 'screen_share_expired',
        badge: '⌛',
        message: `Screen share session expired: ${reason}`,
        extra: { reason },
      };
    case 'drop':
      return {
        event: 'screen_share_dropped',
        badge: '⚠️',
        message: `screen_share session dropped (${dropCause(reason)})`,
        extra: { reason },
      };
    case 'stop':
      return {
        event: 'screen_share_stopped',
        badge: '📺',
        message: 'Screen share session ended',
        extra: { reason },
      };
  }
}

/** The event that tells that a share goes on otherwise than `before`; `atMs` is wall time. */
export function describeShareUpdate(
  session: ScreenRecord,
  before: ShareTerms,
  after: ShareTerms,
  atMs: number,
  by: Decider,
): EventDraft {
  const { quality, source, paused } = after;
  const changes = [
    ...(source.id === before.source.id ? [] : [`shows ${source.name}`]),
    ...(quality === before.quality ? [] : [`${quality} quality`]),
    ...(paused === before.paused ? [] : [paused ? 'paused' : 'resumed']),
  ];
  return {
    event: 'screen_share_updated',
    data: {
      session_id: session.sessionId,
      user_id: session.userId,
      message: `Screen share session changed: ${changes.join(', ')}`,
      badge: paused ? '⏸️' : '📺',
      timestamp: new Date(atMs).toISOString(),
      by,
      quality,
      source,
      paused,
    },
  };
}

/** Why sessions that a crash cut off are archived as dropped. */
export const RESTART_REASON = 'Agent restarted';
/** Why those are that were live when the agent stopped answering and was ended. */
export const STALL_REASON = 'Agent stopped answering';
/** Why sessions are archived that an agent ends which fails. */
export const FAILURE_REASON = 'Agent failed';
/** Why those are that an agent ends whose display or session bus is gone: whoever sat there has logged out, or it crashed. */
export const DESKTOP_REASON = 'Desktop session ended';

function dropCause(reason: string): string {
  if (reason === RESTART_REASON) return 'agent restarted';
  return reason === STALL_REASON ? 'agent stopped answering' : 'inactive';
}

/** The event that tells that the owner has locked (or re-armed) the agent; `atMs` is wall time. */
export function describeLockEvent(locked: boolean, reason: string, atMs: number, by: Decider): EventDraft {
  const timestamp = new Date(atMs).toISOString();
  return locked
    ? {
        event: 'locked_by_owner',
        data: { badge: '⛔', message: `Everything stopped: ${reason}`, timestamp, by, reason },
      }
    : { event: 'rearmed', data: { badge: '✅', message: 'Sessions can start again', timestamp, by } };
}
