import { z } from 'zod';
import { advisorySchema } from './advisories.ts';
import { approvalSchema, deciderSchema } from './approvals.ts';
import { liveSessionSchema, timestampSchema } from './sessions.ts';

/** The events that happen to sessions and to the agent, by wire name. */
export const agentEventNameSchema = z.enum([
  'remote_session_started',
  'remote_session_approval_needed',
  'remote_session_approved',
  'remote_session_denied',
  'remote_session_expired',
  'remote_session_stopped',
  'remote_access_dropped',
  'remote_command_approval_needed',
  'remote_command_started',
  'remote_command_finished',
  'screen_share_started',
  'screen_share_updated',
  'screen_share_approval_needed',
  'screen_share_approved',
  'screen_share_denied',
  'screen_share_expired',
  'screen_share_stopped',
  'screen_share_dropped',
  'recording_started',
  'recording_paused',
  'recording_resumed',
  'recording_stopped',
  'recording_deleted',
  'viewer_approval_needed',
  'viewer_approved',
  'viewer_denied',
  'viewer_joined',
  'viewer_left',
  'view_key_created',
  'view_key_revoked',
  'token_created',
  'token_rotated',
  'token_revoked',
  'webhook_created',
  'webhook_removed',
  'webhook_failing',
  'webhook_disabled',
  'webhook_enabled',
  'agent_restarted',
  'locked_by_owner',
  'rearmed',
]);
export type AgentEventName = z.infer<typeof agentEventNameSchema>;

/** What every event says; further fields depend on the event. `message` and `badge` are for people. */
export const agentEventDataSchema = z.looseObject({
  session_id: z.string().optional(),
  user_id: z.string().optional(),
  /** On decisions: where the decision came from. */
  decided_by: deciderSchema.optional(),
  /** On everything else that somebody did: where it was done. */
  by: deciderSchema.optional(),
  message: z.string(),
  badge: z.string(),
  timestamp: timestampSchema,
});
export type AgentEventData = z.infer<typeof agentEventDataSchema>;

/** One event as it goes to clients, to notifications and to the log. `seq` rises by one, across restarts too. */
export const agentEventSchema = z.object({
  seq: z.int().min(1),
  event: agentEventNameSchema,
  data: agentEventDataSchema,
});
export type AgentEvent = z.infer<typeof agentEventSchema>;

/**
 * A piece of what a running command writes. It is told once and not kept: a client that missed some fetches the
 * command. `seq` is that of the newest event, so it moves no client's place in the order of events.
 */
export const commandOutputSchema = z.object({
  event: z.literal('remote_command_output'),
  seq: z.int().min(0),
  data: agentEventDataSchema.extend({
    session_id: z.string(),
    command_id: z.string(),
    stream: z.enum(['stdout', 'stderr']),
    /** Where in the stream the piece begins, in bytes. A gap to the end of the last piece was left out. */
    offset: z.int().min(0),
    bytes: z.int().min(1),
    text: z.string(),
  }),
});
export type CommandOutput = z.infer<typeof commandOutputSchema>;

/** Everything that is live, as of event `seq`: sent on connect and after each change. */
export const snapshotSchema = z.object({
  event: z.literal('snapshot'),
  seq: z.int().min(0),
  data: z.object({
    active_sessions: z.array(liveSessionSchema),
    total: z.int().min(0),
    approvals: z.array(approvalSchema),
    advisories: z.array(advisorySchema),
    locked: z.boolean(),
  }),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

/** Told to a client whose `since` is older than what is kept: events between the two numbers are gone. */
export const gapSchema = z.object({
  event: z.literal('gap'),
  seq: z.int().min(0),
  data: z.object({ since: z.int(), oldest_seq: z.int() }),
});
export type Gap = z.infer<typeof gapSchema>;

/** Every message that a client of `/api/events` can get. */
export const serverMessageSchema = z.discriminatedUnion('event', [
  snapshotSchema,
  gapSchema,
  commandOutputSchema,
  ...agentEventNameSchema.options.map((name) => agentEventSchema.extend({ event: z.literal(name) })),
]);
export type ServerMessage = Snapshot | Gap | CommandOutput | AgentEvent;
