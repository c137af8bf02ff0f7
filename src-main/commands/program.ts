import type { CommandError } from '#shared/commands';

/** Whose a process is: of the enclosure with this mark; of one that it hides, or of another agent's, if that is null. */
export interface Ownership {
  readonly mark: string | null;
}

/** A program to run: exactly this, with nothing added that its approver did not see. */
export interface ProgramSpec {
  readonly argv: readonly string[];
  /** An absolute path. */
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a program writes, as it writes it. The chunk belongs to the listener. */
export type OutputListener = (stream: 'stdout' | 'stderr', chunk: Buffer) => void;

/** How a program ended: by itself, by a signal, or before it began. */
export type ProgramEnd =
  | { readonly exitCode: number; readonly signal: null; readonly error: null }
  | { readonly exitCode: null; readonly signal: string; readonly error: null }
  | { readonly exitCode: null; readonly signal: null; readonly error: CommandError };

/** A program that runs, with everything that it starts. */
export interface RunningProgram {
  /** A name for all its processes that survives the agent; see {@link CommandRunner.sweep}. */
  readonly mark: string;
  /** Resolves when the program has ended, everything that it started is gone and all output was told. Never rejects. */
  readonly ended: Promise<ProgramEnd>;
  /**
   * Ends it and everything that it started: asks first and kills after `graceMs`. Further calls may shorten the grace.
   */
  stop(graceMs: number): void;
}

/** Runs programs such that nothing of them outlives their end, however they detach themselves. */
export interface CommandRunner {
  /** Begins to run; never throws, a program that cannot be started ends at once with an `error`. */
  start(spec: ProgramSpec, onOutput: OutputListener): RunningProgram;
  /** The program that started process `pid`, directly or not; null for anybody else's process. */
  ownerOf(pid: number): Promise<Ownership | null>;
  /**
   * The program in whose control group something was made, also when it has just ended; null for nobody's. Undefined
   * where programs have no groups of their own, or could leave them.
   */
  ownerOfGroup(groupId: number): Ownership | null | undefined;
  /** Whether a process that hides well enough could outlive its program unnoticed, as far as that can be told. */
  readonly mayOutlive: boolean;
  /** Kills what programs of an earlier run of the agent, known by their marks, have left. */
  sweep(marks: readonly string[]): Promise<void>;
  /** Lets go of everything. Programs must have been stopped. */
  close(): void;
}
