/** A word of a command as it will be after the shell has taken quotes off; null where the shell computes it. */
export type Word = string | null;

/** A variable that is set: by itself, for one command, or by a program such as `env`. */
export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

/** Where a command reads or writes instead. */
export interface Redirection {
  /** As it is written, with its descriptor: `<`, `2>`, `>>`, `<<` for a here-document. */
  readonly operator: string;
  /** The file or descriptor; null where it is computed, and for a here-document. */
  readonly target: Word;
}

/** One simple command: a program that runs, or variables and redirections without one. */
export interface SimpleCommand {
  /** Empty if nothing runs. */
  readonly words: readonly Word[];
  readonly assignments: readonly Assignment[];
  readonly redirections: readonly Redirection[];
  /** The folder that it runs in, seen from where the line began (`''`); null if that is not certain. */
  readonly folder: string | null;
}

/** A command among all those that an operation runs. */
export interface ReadCommand extends SimpleCommand {
  /** Which command of the reading carries it, as `sudo` carries what stands behind it; null for what was asked for. */
  readonly carriedBy: number | null;
  /** The folders in which something may run because of it, as they are written; null for one that is computed. */
  readonly enters: readonly Word[];
  /** Whether any word but the first may begin a command too, as behind programs that choose by themselves. */
  readonly startsAnywhere: boolean;
}

/** Why it is not known of everything that runs what it is. */
export type Unread =
  /** No shell line, as where quotes or brackets do not close. */
  | 'malformed'
  /** Shells, or the two grammars, read it differently. */
  | 'ambiguous'
  /** What runs shows only when it runs. */
  | 'computed'
  /** A line in a language that is not read here. */
  | 'foreign'
  | 'too_large'
  /** It took too long, or the reader broke down. */
  | 'late';

/** Everything that an operation runs, as far as that can be told before it runs. */
export interface ShellReading {
  /** A command stands before those that it carries. */
  readonly commands: readonly ReadCommand[];
  /** Null if the reading is whole. Otherwise there may be commands that are missing, and some that are none. */
  readonly unread: Unread | null;
}

/** The languages of shells that are told apart: what POSIX says, which `dash` holds to, bash's, and all others. */
export type ShellLanguage = 'posix' | 'bash' | 'foreign';

/** What is to be read: a line for a shell, or a program with its arguments. */
export type ReadingRequest =
  | { readonly line: string; readonly language: ShellLanguage }
  | { readonly argv: readonly string[] };

/** Reads what operations run. */
export interface ShellReader {
  /** Never rejects, and answers within a second or so: what cannot be read by then says so by `unread`. */
  read(request: ReadingRequest): Promise<ShellReading>;
  /** Something is going to be read soon. */
  warmUp(): void;
}

/** What the thread of a reader is given; it answers each with a {@link ReadingResult}. */
export interface ReadingOrder {
  readonly orderId: number;
  readonly request: ReadingRequest;
}

/** What the thread of a reader says: that it can begin, or what it has read. */
export type ReadingResult = 'ready' | { readonly orderId: number; readonly reading: ShellReading };

/** The most bytes of one line. Linux takes no longer argument. */
export const MAX_LINE_BYTES = 128 * 1024;
/** The most commands of one reading. */
export const MAX_COMMANDS = 1000;
/** The most words of one reading, assignments and redirections counted. */
export const MAX_WORDS = 10_000;

/** The reading of which nothing is known but why. */
export function unreadBecause(unread: Unread): ShellReading {
  return { commands: [], unread };
}

/** The file name of a program, also where its folder is named with it. */
export function baseName(program: string): string {
  return program.slice(Math.max(program.lastIndexOf('/'), program.lastIndexOf('\\')) + 1);
}
