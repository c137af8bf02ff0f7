import type { CommandEndStatus } from '#shared/commands';
import type { AgentEventData, CommandOutput } from '#shared/events';
import { revealHidden } from '#shared/visible-text';
import type { EventDraft } from '../sessions/session-journal.ts';
import type { CommandRecord } from './command-record.ts';
import { summarize } from './describe-command.ts';

function dataOf(record: CommandRecord, badge: string, message: string, atMs: number) {
  return {
    session_id: record.sessionId,
    user_id: record.userId,
    command_id: record.commandId,
    operation: record.operation.operation,
    status: record.status,
    message,
    badge,
    timestamp: new Date(atMs).toISOString(),
  };
}

/** The event that a person is asked about a command. */
export function describeAsked(record: CommandRecord, approvalId: string, atMs: number): EventDraft {
  const message = `Command ${record.commandId} needs approval: ${summarize(record.operation)}`;
  return {
    event: 'remote_command_approval_needed',
    data: { ...dataOf(record, '🔐', message, atMs), approval_id: approvalId },
  };
}

/** The event that a command has begun to run. */
export function describeStarted(record: CommandRecord, atMs: number): EventDraft {
  const data: AgentEventData = {
    ...dataOf(record, '▶️', `Command started: ${summarize(record.operation)}`, atMs),
    ...(record.decidedBy === null ? {} : { decided_by: record.decidedBy }),
  };
  return { event: 'remote_command_started', data };
}

const ENDINGS = {
  completed: { badge: '✅', says: 'Command completed' },
  failed: { badge: '❌', says: 'Command failed' },
  denied: { badge: '🚫', says: 'Command denied' },
  expired: { badge: '⌛', says: 'Command expired' },
  cancelled: { badge: '⏹️', says: 'Command cancelled' },
  timed_out: { badge: '⏱️', says: 'Command ran out of time' },
} as const satisfies Record<CommandEndStatus, { badge: string; says: string }>;

/** The event that a command has ended, in whatever way. The record must say so. */
export function describeFinished(record: CommandRecord, atMs: number): EventDraft {
  const { status } = record;
  if (status === 'pending_approval' || status === 'running')
    throw new Error(`${record.commandId} has not ended`);
  const { badge, says } = ENDINGS[status];
  const detail = explainEnd(record);
  const data: AgentEventData = {
    ...dataOf(record, badge, `${says}: ${summarize(record.operation)}${detail && ` (${detail})`}`, atMs),
    exit_code: record.exitCode,
    signal: record.signal,
    duration_seconds: record.durationSeconds,
    ...(record.decidedBy === null ? {} : { decided_by: record.decidedBy }),
    ...(record.decisionReason === null ? {} : { reason: record.decisionReason }),
  };
  return { event: 'remote_command_finished', data };
}

function explainEnd({ exitCode, signal, error, status, decisionReason }: CommandRecord): string {
  if (status === 'denied' || status === 'expired') return decisionReason ?? '';
  if (error) return revealHidden(error.message);
  if (signal !== null) return signal;
  return exitCode === null || exitCode === 0 ? '' : `exit code ${exitCode}`;
}

/** The message that tells of a piece of output. */
export function describeOutput(
  record: CommandRecord,
  piece: Pick<CommandOutput['data'], 'stream' | 'offset' | 'bytes' | 'text'>,
  atMs: number,
): CommandOutput['data'] {
  return { ...dataOf(record, '📄', `Output of command ${record.commandId}`, atMs), ...piece };
}
