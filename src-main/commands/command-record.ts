import type { Decider } from '#shared/approvals';
import type { CommandError, CommandResult, CommandStatus, Operation } from '#shared/commands';
import type { OutputText } from './kept-output.ts';

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
