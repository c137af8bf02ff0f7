import type { Approval, Decider } from '#shared/approvals';
import type { AgentEvent } from '#shared/events';

/** The request that a prompt shows, and how many wait in all, this one included; null if it no longer waits. */
export function findAsked(
  approvals: readonly Approval[],
  approvalId: string | null,
): { readonly approval: Approval; readonly position: number; readonly total: number } | null {
  const index = approvals.findIndex(({ approval_id }) => approval_id === approvalId);
  const approval = approvals[index];
  return approval ? { approval, position: index + 1, total: approvals.length } : null;
}

const PLACES = {
  api: 'over the API',
  panel: 'in the panel',
  prompt: 'in a prompt',
  tray: 'from the tray menu',
  notification: 'from a notification',
  shortcut: 'with the shortcut that stops everything',
  timeout: 'because nobody answered in time',
  agent: 'by the agent',
} as const satisfies Record<Decider, string>;

/** How a request ended that nobody decided in this prompt, in one sentence, from the events of its session. */
export function describeDecisionElsewhere(approval: Approval | null, events: readonly AgentEvent[]): string {
  const event = approval && events.findLast(({ data }) => data.session_id === approval.session_id);
  const place = event?.data.decided_by ? ` ${PLACES[event.data.decided_by]}` : '';
  switch (event?.event) {
    case 'remote_session_approved':
      return `Allowed${place}.`;
    case 'remote_session_denied':
      return `Denied${place}.`;
    case 'remote_session_expired':
      return 'Denied, because nobody answered in time.';
    case 'remote_session_stopped':
    case 'remote_access_dropped':
      return 'Withdrawn by whoever asked.';
    default:
      return 'This request no longer waits for an answer.';
  }
}
