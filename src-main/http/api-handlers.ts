import type { Reach } from '#shared/access';
import type { AnswerOf } from '#shared/api';
import { tokenOf } from '../access/principal.ts';
import type { ApprovalQueue } from '../approvals/approval-queue.ts';
import type { CommandService } from '../commands/command-service.ts';
import type { Logger } from '../logger.ts';
import type { RecordingService } from '../recordings/recording-service.ts';
import type { Liveness } from '../sessions/liveness.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import type { SourceCatalogue } from '../stream/source-catalogue.ts';
import { readInTurns } from '../turns.ts';
import type { WebhookService } from '../webhooks/webhook-service.ts';
import { type AccessParts, createAccessHandlers } from './access-handlers.ts';
import type { ApiHandlers } from './api-router.ts';
import { createCommandHandlers } from './command-handlers.ts';
import { createRecordingHandlers } from './recording-handlers.ts';
import { createSettingsHandlers } from './settings-handlers.ts';
import { createShareHandlers } from './share-handlers.ts';
import { claimOf, whileWaiting } from './start-claim.ts';
import { createStreamHandlers } from './stream-handlers.ts';
import { createUpkeepHandlers, type UpkeepParts } from './upkeep-handlers.ts';
import { createWebhookHandlers } from './webhook-handlers.ts';

/** What the JSON API is an interface to. */
export interface ApiParts extends UpkeepParts {
  readonly sessions: SessionRegistry;
  readonly approvals: ApprovalQueue;
  readonly liveness: Liveness;
  readonly commands: CommandService;
  readonly access: AccessParts;
  readonly webhooks: WebhookService;
  readonly settings: SettingsStore;
  readonly sources: SourceCatalogue;
  readonly recordings: RecordingService;
  readonly log: Logger;
  /** What clients are told of this agent, and where it can be reached. */
  readonly about: Omit<AnswerOf<'agentInfo'>, 'name' | 'locked' | 'you' | 'reach'>;
  readonly reach: () => Reach;
}

/** What is kept of ended sessions comes to 16 KiB each at most. */
const ENDED_AT_A_TIME = 100;
const DEFAULT_STOP_REASON = 'User requested';
const DEFAULT_STOP_ALL_REASON = 'The owner stopped everything';

/** The handlers of the JSON API, in the contract's order. */
export function createApiHandlers(parts: ApiParts): ApiHandlers {
  const { sessions, approvals, liveness, commands, access, webhooks, settings, sources, log, about, reach } =
    parts;
  return {
    startRemote: ({ body, origin, by, admission }) => {
      const session = sessions.startRemote(body, origin, by, claimOf(admission, settings.current));
      const pending = session.status === 'pending_approval';
      return {
        success: true,
        session_id: session.session_id,
        status: session.status,
        requires_approval: pending,
        message: pending
          ? 'The person at the machine is asked to approve this session'
          : `Remote access session started (${session.safety_mode} mode)`,
        ...whileWaiting(session),
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
    ...createShareHandlers({ sessions, sources, settings }),
    activeSessions: ({ admission }) => {
      const live = sessions.listLive(admission.scope);
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
    history: async ({ query, admission: { scope } }) => {
      const filters = {
        type: query.type,
        userId: query.user_id,
        owner: scope.of === 'owner' ? scope.owner : undefined,
        sinceMs: query.since === undefined ? undefined : Date.parse(query.since),
      };
      const { entries, total } = await readInTurns(
        query,
        ENDED_AT_A_TIME,
        (piece) => {
          const page = sessions.listHistory({ ...filters, ...piece });
          return { entries: page.history, total: page.total };
        },
        ({ session_id }) => session_id,
      );
      return { history: entries, total };
    },
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
    ...createWebhookHandlers(webhooks),
    ...createRecordingHandlers(parts),
    ...createSettingsHandlers(settings, log),
    ...createUpkeepHandlers(parts),
    agentInfo: ({ admission: { principal } }) => ({
      name: 'porthole',
      locked: sessions.locked,
      you: { kind: principal.kind, name: tokenOf(principal)?.name ?? null },
      reach: reach(),
      ...about,
    }),
    ...createStreamHandlers({ sessions, streams: access.streams, recordings: parts.recordings }),
    ...createAccessHandlers(access),
  };
}
