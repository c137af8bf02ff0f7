import type { Ownership, ProgramSpec } from './program.ts';

/** What to start so that a program runs enclosed. */
export interface EnclosedProgram {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment to start it with. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * What the enclosure's own messages on stderr begin with, should it fail to start the program; unguessable, so
   * that no program can pretend to it. Null where it never writes any.
   */
  readonly failurePrefix: string | null;
  /**
   * Whether it looks, before anything runs, for open files that are not the program's: it then writes a line to
   * {@link CHECK_DESCRIPTOR} and ends, to be started again. It closes that before it becomes the program.
   */
  readonly checksFiles: boolean;
}

/** Where an {@link EnclosedProgram} that checks its files says what it found. */
export const CHECK_DESCRIPTOR = 3;

/** Holds every process that one command starts, however it detaches itself: new group, new session, new parent. */
export interface Enclosure {
  /** A name that survives the agent, for {@link Containment.sweep}. */
  readonly mark: string;
  /** Makes what the program is to be enclosed in; rejects with the reason where that cannot be. */
  prepare(): Promise<void>;
  /** What to start, in the program's folder and with its environment. Once it is prepared. */
  enclose(spec: ProgramSpec): EnclosedProgram;
  /** Says which process was started. To be called before anything else happens. */
  onStarted(pid: number): void;
  /** Asks all its processes to end. */
  terminate(): Promise<void>;
  /**
   * Kills all its processes, those included that are started meanwhile, and lets go of the enclosure. Resolves when
   * none is left, with the ids of those that the system did not let us kill (they run as another user).
   */
  empty(): Promise<readonly number[]>;
}

/**
 * What tells the processes of all commands of one agent from everything else, for another process that ends them when
 * the agent cannot: what their marks begin with, and the folders that their control groups are made in; or what the
 * variable in their environment begins with.
 */
export type CommandTrace =
  | { readonly kind: 'marks'; readonly prefix: string; readonly groupParents: readonly string[] }
  | { readonly kind: 'variable'; readonly prefix: string };

/** Keeps commands from leaving anything behind, in the way that this machine allows. */
export interface Containment {
  /** How, for the log. */
  readonly description: string;
  /** Null where nothing but descent tells. */
  readonly trace: CommandTrace | null;
  open(): Enclosure;
  /** Which enclosure process `pid` is in; null if it is in none. */
  ownerOf(pid: number): Promise<Ownership | null>;
  /**
   * Which enclosure a control group of version 2, by its inode, is or was a moment ago; null if it is none. Undefined
   * where enclosures have none, or what is inside could leave it.
   */
  ownerOfGroup(groupId: number): Ownership | null | undefined;
  /** Whether a process could outlive its enclosure unnoticed, and can be told from others all the same. */
  readonly mayOutlive: boolean;
  /** Kills what an earlier run of the agent left in the enclosures of these marks. */
  sweep(marks: readonly string[]): Promise<void>;
  /** Lets go of everything, after which no enclosure may be opened. Does not end what runs. */
  close(): void;
}
