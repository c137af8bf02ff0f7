import { randomBytes } from 'node:crypto';
import type { Decider } from '#shared/approvals';
import type { CommandError, CommandResult, CommandStatus, Keeping, Operation } from '#shared/commands';
import type { LiveRemote } from '#shared/sessions';
import type { BoundOperation } from './bound-operation.ts';
import { NO_OUTPUT, type OutputText } from './kept-output.ts';

/** What tells whether something is what a command put out, when no more than its beginning is kept. */
export interface ContentDigests {
  /** SHA-256 in hexadecimal over all that it wrote; null where it wrote nothing, and until it has ended. */
  readonly stdout: string | null;
  readonly stderr: string | null;
  /** Of a file's bytes or a picture, else of the result as JSON; null where there is no result. */
  readonly result: { readonly bytes: number; readonly sha256: string } | null;
}

/** What is kept of one command; a record never changes, a new one takes its place. Times are wall clock. */
export interface CommandRecord {
  readonly commandId: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly operation: Operation;
  readonly status: CommandStatus;
  /** See `BoundOperation.hash`. */
  readonly hash: string;
  readonly reason: string | null;
  /** Where the request came from: an address, or `this machine`. */
  readonly origin: string;
  readonly requestedAtMs: number;
  /** Set once a person was asked; of the last request, if they were asked again. */
  readonly approvalId: string | null;
  readonly expiresAtMs: number | null;
  readonly decidedAtMs: number | null;
  readonly decidedBy: Decider | null;
  readonly decisionReason: string | null;
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** Measured on the monotonic clock. */
  readonly durationSeconds: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: OutputText;
  readonly stderr: OutputText;
  readonly result: CommandResult | null;
  readonly error: CommandError | null;
  /** How much of operation, outputs and result this has. */
  readonly kept: Keeping;
  readonly digests: ContentDigests;
  /** What its processes are known by; see `RunningProgram.mark`. */
  readonly mark: string | null;
  readonly hasShotBefore: boolean;
  readonly hasShotAfter: boolean;
}

/** A record without what may be large. */
export type CommandSummary = Omit<CommandRecord, 'stdout' | 'stderr' | 'result'> & {
  readonly stdout: Omit<OutputText, 'text'>;
  readonly stderr: Omit<OutputText, 'text'>;
};

/** The record of a command that was asked for just now, at wall time `atMs`, and about which nothing is decided. */
export function createCommandRecord(
  { operation, hash }: BoundOperation,
  session: LiveRemote,
  request: { readonly reason: string | null; readonly origin: string; readonly atMs: number },
): CommandRecord {
  return {
    commandId: `command_${randomBytes(8).toString('hex')}`,
    sessionId: session.session_id,
    userId: session.user_id,
    operation,
    status: 'pending_approval',
    hash,
    reason: request.reason,
    origin: request.origin,
    requestedAtMs: request.atMs,
    approvalId: null,
    expiresAtMs: null,
    decidedAtMs: null,
    decidedBy: null,
    decisionReason: null,
    startedAtMs: null,
    finishedAtMs: null,
    durationSeconds: null,
    exitCode: null,
    signal: null,
    stdout: NO_OUTPUT,
    stderr: NO_OUTPUT,
    result: null,
    error: null,
    kept: 'whole',
    digests: { stdout: null, stderr: null, result: null },
    mark: null,
    hasShotBefore: false,
    hasShotAfter: false,
  };
}

/** What becomes of a command that a crash cut off: one that ran has failed, one that waited was not allowed. */
export function endUnfinished(record: CommandRecord, reason: string, atMs: number): CommandRecord {
  const finishedAtMs = Math.max(atMs, record.requestedAtMs, record.startedAtMs ?? 0);
  return record.status === 'running'
    ? { ...record, status: 'failed', error: { code: 'agent_restarted', message: reason }, finishedAtMs }
    : { ...record, status: 'expired', decidedBy: 'agent', decisionReason: reason, finishedAtMs };
}
