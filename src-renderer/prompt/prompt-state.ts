import type { Approval } from '#shared/approvals';
import type { AgentEvent } from '#shared/events';
import { DECIDER_PLACES } from '../text/decider-places.ts';

/** The request that a prompt shows, and how many wait in all, this one included; null if it no longer waits. */
export function findAsked(
  approvals: readonly Approval[],
  approvalId: string | null,
): { readonly approval: Approval; readonly position: number; readonly total: number } | null {
  const index = approvals.findIndex(({ approval_id }) => approval_id === approvalId);
  const approval = approvals[index];
  return approval ? { approval, position: index + 1, total: approvals.length } : null;
}

/** How a request ended that nobody decided in this prompt, in one sentence, from the events of its session. */
export function describeDecisionElsewhere(approval: Approval | null, events: readonly AgentEvent[]): string {
  if (approval?.kind === 'viewer') return describeViewerEnd(approval, events);
  const commandId = approval?.details?.command_id;
  const event =
    approval &&
    events.findLast(({ data }) => data.session_id === approval.session_id && data.command_id === commandId);
  if (!event) return UNKNOWN_END;
  return commandId === undefined ? describeSessionEnd(event) : describeCommandEnd(event);
}

const UNKNOWN_END = 'This request no longer waits for an answer.';

function describeViewerEnd(
  { approval_id: approvalId, session_id: sessionId }: Approval,
  events: readonly AgentEvent[],
): string {
  const event = events.findLast(
    ({ event: name, data }) => data.approval_id === approvalId && name !== 'viewer_approval_needed',
  );
  const hasShareEnded = events.some(
    ({ event: name, data }) =>
      data.session_id === sessionId && (name === 'screen_share_stopped' || name === 'screen_share_dropped'),
  );
  if (!event) return hasShareEnded ? 'Withdrawn, because the screen share has ended.' : UNKNOWN_END;
  if (event.data.decided_by === 'timeout') return 'Denied, because nobody answered in time.';
  return `${event.event === 'viewer_approved' ? 'Allowed' : 'Denied'}${placeOf(event)}.`;
}

function describeSessionEnd(event: AgentEvent): string {
  switch (event.event) {
    case 'remote_session_approved':
      return `Allowed${placeOf(event)}.`;
    case 'remote_session_denied':
      return `Denied${placeOf(event)}.`;
    case 'remote_session_expired':
      return 'Denied, because nobody answered in time.';
    case 'remote_session_stopped':
    case 'remote_access_dropped':
      return 'Withdrawn by whoever asked.';
    default:
      return UNKNOWN_END;
  }
}

function describeCommandEnd(event: AgentEvent): string {
  switch (event.event) {
    case 'remote_command_started':
      return `Allowed${placeOf(event)}.`;
    case 'remote_command_approval_needed':
      return 'It has changed since you were asked, and is asked for again.';
    case 'remote_command_finished':
      return describeCommandStatus(event);
    default:
      return UNKNOWN_END;
  }
}

function describeCommandStatus(event: AgentEvent): string {
  switch (event.data.status) {
    case 'denied':
      return `Denied${placeOf(event)}.`;
    case 'expired':
      return 'Denied, because nobody answered in time.';
    case 'cancelled':
      return event.data.duration_seconds === null
        ? 'Withdrawn by whoever asked.'
        : `Allowed${placeOf(event)}.`;
    default:
      return `Allowed${placeOf(event)}.`;
  }
}

function placeOf({ data }: AgentEvent): string {
  return data.decided_by ? ` ${DECIDER_PLACES[data.decided_by]}` : '';
}
