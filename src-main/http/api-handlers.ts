import type { AnswerOf } from '#shared/api';
import type { ApprovalQueue } from '../approvals/approval-queue.ts';
import type { CommandService } from '../commands/command-service.ts';
import type { Liveness } from '../sessions/liveness.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { streamUrl } from '../sessions/session-view.ts';
import type { ApiHandlers } from './api-router.ts';
import { createCommandHandlers } from './command-handlers.ts';

/** What the JSON API is an interface to. */
export interface ApiParts {
  readonly sessions: SessionRegistry;
  readonly approvals: ApprovalQueue;
  readonly liveness: Liveness;
  readonly commands: CommandService;
  /** What clients are told of this agent. */
  readonly about: Omit<AnswerOf<'agentInfo'>, 'name' | 'locked'>;
}

const DEFAULT_STOP_REASON = 'User requested';
const DEFAULT_STOP_ALL_REASON = 'The owner stopped everything';

/** The handlers of the JSON API, in the contract's order. */
export function createApiHandlers(parts: ApiParts): ApiHandlers {
  const { sessions, approvals, liveness, commands, about } = parts;
  return {
    startRemote: ({ body, origin, by }) => {
      const session = sessions.startRemote(body, origin, by);
      const pending = session.status === 'pending_approval';
      return {
        success: true,
        session_id: session.session_id,
        status: session.status,
        requires_approval: pending,
        message: pending
          ? 'The person at the machine is asked to approve this session'
          : `Remote access session started (${session.safety_mode} mode)`,
        ...(session.approval_id === undefined ? {} : { approval_id: session.approval_id }),
        ...(session.expires_at === undefined ? {} : { expires_at: session.expires_at }),
      };
    },
    stopRemote: ({ params, body, by }) => {
      const { session, alreadyEnded } = sessions.stopRemote(
        params.session_id,
        body.reason ?? DEFAULT_STOP_REASON,
        by,
      );
      return {
        success: true,
        session_id: session.session_id,
        status: session.status,
        commands_executed: session.commands_executed,
        duration_seconds: session.duration_seconds,
        ...(alreadyEnded ? { already_ended: true } : {}),
      };
    },
    remoteStatus: ({ params }) => sessions.remoteStatus(params.session_id),
    approveRemote: ({ params, by }) => {
      sessions.decide(params.session_id, 'allowed', by);
      return { success: true, session_id: params.session_id, status: 'active' };
    },
    denyRemote: ({ params, body, by }) => {
      sessions.decide(params.session_id, 'denied', by, body.reason);
      return { success: true, session_id: params.session_id, status: 'denied' };
    },
    startScreenShare: ({ body, origin, by }) => {
      const session = sessions.startScreen(body, origin, by);
      return {
        success: true,
        session_id: session.session_id,
        status: session.status,
        stream_url: streamUrl(session.session_id),
        quality: session.quality,
      };
    },
    stopScreenShare: ({ body, by }) => {
      const { session, alreadyEnded } = sessions.stopScreen(
        body.session_id,
        body.reason ?? DEFAULT_STOP_REASON,
        by,
      );
      return {
        success: true,
        session_id: session.session_id,
        status: session.status,
        frames_captured: session.frames_captured,
        duration_seconds: session.duration_seconds,
        ...(alreadyEnded ? { already_ended: true } : {}),
      };
    },
    screenShareStatus: ({ params }) => sessions.screenStatus(params.session_id),
    activeSessions: () => {
      const live = sessions.listLive();
      return { active_sessions: live, total: live.length };
    },
    heartbeat: ({ params }) => {
      const atMs = sessions.heartbeat(params.session_id);
      return { success: true, session_id: params.session_id, last_activity: new Date(atMs).toISOString() };
    },
    checkDropped: ({ query }) => {
      const dropped = liveness.check(query.timeout_minutes * 60_000);
      return { success: true, dropped_sessions: dropped, count: dropped.length };
    },
    history: ({ query }) =>
      sessions.listHistory({
        limit: query.limit,
        offset: query.offset,
        type: query.type,
        userId: query.user_id,
        sinceMs: query.since === undefined ? undefined : Date.parse(query.since),
      }),
    stopAll: ({ body, by }) => {
      const stopped = sessions.stopAll(body.reason ?? DEFAULT_STOP_ALL_REASON, by);
      return { success: true, stopped_sessions: stopped, count: stopped.length, locked: true };
    },
    rearm: ({ by }) => {
      sessions.rearm(by);
      return { success: true, locked: false };
    },
    ...createCommandHandlers(commands),
    listApprovals: () => {
      const waiting = approvals.list();
      return { approvals: waiting, total: waiting.length };
    },
    allowApproval: ({ params, body, by }) => {
      approvals.decide(params.approval_id, 'allowed', by, undefined, { scope: body.scope });
      return { success: true, approval_id: params.approval_id, decision: 'allowed' };
    },
    denyApproval: ({ params, body, by }) => {
      approvals.decide(params.approval_id, 'denied', by, body.reason, { endSession: body.end_session });
      return { success: true, approval_id: params.approval_id, decision: 'denied' };
    },
    agentInfo: () => ({ name: 'porthole', locked: sessions.locked, ...about }),
  };
}
