import type { Approval } from '#shared/approvals';
import type { AgentEvent, AgentEventName } from '#shared/events';
import { shortSessionId } from '#shared/sessions';
import type { Notice } from './notification-port.ts';

/** Events that are told together when many come at once. */
export type NoticeGroup = 'started' | 'ended' | 'dropped' | 'joined' | 'left';

interface Manner {
  /** What stands beside the badge. */
  readonly title: string;
  readonly group: NoticeGroup | null;
}

/** How each event is told; null for one that is told as the request that it announces, or in the panel alone. */
const MANNERS = {
  remote_session_started: { title: 'Remote access', group: 'started' },
  remote_session_approval_needed: null,
  remote_session_approved: { title: 'Remote access', group: 'started' },
  remote_session_denied: { title: 'Remote access', group: 'ended' },
  remote_session_expired: { title: 'Remote access', group: 'ended' },
  remote_session_stopped: { title: 'Remote access', group: 'ended' },
  remote_access_dropped: { title: 'Remote access', group: 'dropped' },
  // A command was allowed, or its session was, by the person who would be told.
  remote_command_approval_needed: null,
  remote_command_started: null,
  remote_command_finished: null,
  screen_share_started: { title: 'Screen share', group: 'started' },
  screen_share_updated: { title: 'Screen share', group: null },
  screen_share_approval_needed: null,
  screen_share_approved: { title: 'Screen share', group: 'started' },
  screen_share_denied: { title: 'Screen share', group: 'ended' },
  screen_share_expired: { title: 'Screen share', group: 'ended' },
  screen_share_stopped: { title: 'Screen share', group: 'ended' },
  screen_share_dropped: { title: 'Screen share', group: 'dropped' },
  recording_started: { title: 'Screen share', group: null },
  recording_paused: null,
  recording_resumed: null,
  recording_stopped: { title: 'Screen share', group: null },
  recording_deleted: null,
  viewer_approval_needed: null,
  viewer_approved: null,
  viewer_denied: null,
  viewer_joined: { title: 'Screen share', group: 'joined' },
  viewer_left: { title: 'Screen share', group: 'left' },
  view_key_created: null,
  view_key_revoked: null,
  token_created: { title: 'Access', group: null },
  token_rotated: { title: 'Access', group: null },
  token_revoked: { title: 'Access', group: null },
  webhook_created: { title: 'Webhooks', group: null },
  webhook_removed: { title: 'Webhooks', group: null },
  webhook_failing: { title: 'Webhooks', group: null },
  webhook_disabled: { title: 'Webhooks', group: null },
  webhook_enabled: { title: 'Webhooks', group: null },
  agent_restarted: { title: 'Porthole', group: null },
  locked_by_owner: { title: 'Porthole', group: null },
  rearmed: { title: 'Porthole', group: null },
} as const satisfies Record<AgentEventName, Manner | null>;

const GROUP_BADGES = {
  started: '🔓',
  ended: '🔒',
  dropped: '⚠️',
  joined: '👁️',
  left: '👁️',
} as const satisfies Record<NoticeGroup, string>;

const GROUP_TITLES = {
  started: (count) => `${count} sessions started`,
  ended: (count) => `${count} sessions ended`,
  dropped: (count) => `${count} sessions dropped`,
  joined: (count) => `${count} viewers began to watch`,
  left: (count) => `${count} viewers no longer watch`,
} as const satisfies Record<NoticeGroup, (count: number) => string>;

// A body of more lines is cut off by most systems.
const LISTED = 3;

/** The group that an event may be told in, or null if it always stands alone. */
export function groupOf({ event }: AgentEvent): NoticeGroup | null {
  return MANNERS[event]?.group ?? null;
}

/** Names the one session, viewer or lock that an event is about. */
export function subjectOf({ event, data }: AgentEvent): string {
  if (typeof data.viewer_id === 'string') return data.viewer_id;
  return data.session_id ?? MANNERS[event]?.title ?? event;
}

/** The notice of one event; null if it is told as a request instead. */
export function describeEventNotice(agentEvent: AgentEvent): Notice | null {
  const { event, data } = agentEvent;
  const manner = MANNERS[event];
  if (!manner) return null;
  return {
    tag: tagOf(agentEvent),
    title: `${data.badge} ${manner.title}`,
    body: [data.message, ownReason(data), nameOf(data.session_id, data.user_id)]
      .filter((line) => line !== '')
      .join('\n'),
    urgency: 'normal',
    approvalId: null,
  };
}

/** Why the agent did something of its own accord, where the message leaves that out. */
function ownReason({ by, reason, message }: AgentEvent['data']): string {
  return by === 'agent' && typeof reason === 'string' && !message.includes(reason) ? reason : '';
}

/** One notice for several events of a group, about `count` sessions or viewers. */
export function describeGroupNotice(
  group: NoticeGroup,
  events: readonly AgentEvent[],
  count: number,
): Notice {
  const names = [...new Set(events.map(({ data }) => nameOf(data.session_id, data.user_id)))].filter(Boolean);
  return {
    tag: `group:${group}`,
    title: `${GROUP_BADGES[group]} ${GROUP_TITLES[group](count)}`,
    body: listSome(names),
    urgency: 'normal',
    approvalId: null,
  };
}

/** Names the place of an event's notice: one for each session, one for its viewers, one for the lock. */
export function tagOf(agentEvent: AgentEvent): string {
  const { data } = agentEvent;
  return typeof data.viewer_id === 'string'
    ? `viewers:${data.session_id}`
    : `session:${subjectOf(agentEvent)}`;
}

/** Names the place of a request's notice. */
export function requestTagOf(approval: Approval): string {
  return `approval:${approval.approval_id}`;
}

/** The notice that asks for a decision; `message` is the announcing event's. */
export function describeRequestNotice(approval: Approval, message: string): Notice {
  const lines = [`Asked by ${approval.user_id}, from ${approval.origin}`, message];
  if (approval.reason !== undefined) lines.push(`“${approval.reason}”`);
  return {
    tag: requestTagOf(approval),
    title: '🔐 Approval needed',
    body: lines.join('\n'),
    urgency: 'high',
    approvalId: approval.approval_id,
  };
}

/** One notice for many requests, oldest first; a click on it leads to the oldest. */
export function describeRequestsNotice(approvals: readonly Approval[]): Notice {
  return {
    tag: 'approvals',
    title: `🔐 ${approvals.length} requests need approval`,
    body: listSome(approvals.map(({ session_id, user_id }) => nameOf(session_id, user_id))),
    urgency: 'high',
    approvalId: approvals[0]?.approval_id ?? null,
  };
}

/** Whose session it is, and only then which: an id by itself says nothing to anybody. */
function nameOf(sessionId: string | undefined, userId: string | undefined): string {
  if (userId === undefined) return '';
  return sessionId === undefined ? userId : `${userId} · ${shortSessionId(sessionId)}`;
}

function listSome(names: readonly string[]): string {
  const shown = names.slice(0, LISTED);
  const more = names.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}
