import { USUAL_REASONS } from '#shared/approvals';
import type { Command, CommandStatus } from '#shared/commands';
import { DECIDER_PLACES } from './decider-places.ts';

/** States of a command as people read them. */
export const STATUS_NAMES = {
  pending_approval: 'Waiting for approval',
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  denied: 'Denied',
  expired: 'Expired',
  cancelled: 'Cancelled',
  timed_out: 'Out of time',
} as const satisfies Record<CommandStatus, string>;

/** Who decided on a command, and why, in one line; null where nobody had to. */
export function describeDecision({
  decided_by: by,
  decision_reason: reason,
  status,
}: Command): string | null {
  if (by === null) return null;
  const wasRefused = status === 'denied' || status === 'expired';
  const what = wasRefused ? 'Denied' : status === 'pending_approval' ? 'Decided' : 'Allowed';
  const usual = reason === null || reason === USUAL_REASONS.allowed || reason === USUAL_REASONS.denied;
  return `${what} ${DECIDER_PLACES[by]}${usual ? '' : `: ${reason}`}`;
}

/** How a program ended, in a few words; null for what is no program or has not ended. */
export function describeExit({ exit_code: code, signal }: Command): string | null {
  if (signal !== null) return signal;
  return code === null ? null : `exit code ${code}`;
}
