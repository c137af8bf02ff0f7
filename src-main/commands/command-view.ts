import type { Command, ListedOperation } from '#shared/commands';
import type { CommandRecord, CommandSummary } from './command-record.ts';
import { shortenForList } from './kept-record.ts';

const toIso = (wallMs: number | null): string | null =>
  wallMs === null ? null : new Date(wallMs).toISOString();

/** The path of a picture of a command's screen. */
export function screenshotUrl(commandId: string, moment: 'before' | 'after'): string {
  return `/api/remote/commands/${commandId}/screenshots/${moment}`;
}

function commonFields(record: CommandSummary) {
  return {
    command_id: record.commandId,
    session_id: record.sessionId,
    status: record.status,
    exit_code: record.exitCode,
    signal: record.signal,
    stdout_encoding: record.stdout.encoding,
    stderr_encoding: record.stderr.encoding,
    stdout_bytes: record.stdout.bytes,
    stderr_bytes: record.stderr.bytes,
    stdout_sha256: record.digests.stdout,
    stderr_sha256: record.digests.stderr,
    truncated: record.stdout.truncated || record.stderr.truncated,
    result_bytes: record.digests.result?.bytes ?? null,
    result_sha256: record.digests.result?.sha256 ?? null,
    kept: record.kept,
    error: record.error,
    hash: record.hash,
    reason: record.reason,
    origin: record.origin,
    requested_at: new Date(record.requestedAtMs).toISOString(),
    decided_at: toIso(record.decidedAtMs),
    decided_by: record.decidedBy,
    decision_reason: record.decisionReason,
    started_at: toIso(record.startedAtMs),
    finished_at: toIso(record.finishedAtMs),
    duration_seconds: record.durationSeconds,
    approval_id: record.approvalId,
    expires_at: toIso(record.expiresAtMs),
    screenshots: {
      before: record.hasShotBefore ? screenshotUrl(record.commandId, 'before') : null,
      after: record.hasShotAfter ? screenshotUrl(record.commandId, 'after') : null,
    },
  };
}

/** The wire form of a command. */
export function toCommand(record: CommandRecord): Command {
  return {
    ...commonFields(record),
    operation: record.operation,
    stdout: record.stdout.text,
    stderr: record.stderr.text,
    result: record.result,
  };
}

/**
 * The wire form of a command in a list: without outputs, result and what a `write_file` would write, and with no more than
 * the beginning of an operation that is long.
 */
export function toListedCommand(record: CommandSummary): Command {
  const operation = shortenForList(record.operation);
  const listed: ListedOperation =
    operation.operation === 'write_file' ? { ...operation, content: null } : operation;
  return { ...commonFields(record), operation: listed, stdout: null, stderr: null, result: null };
}
