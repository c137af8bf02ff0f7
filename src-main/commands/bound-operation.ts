import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import type { Operation, OperationOf } from '#shared/commands';
import type { ReadingRequest, ShellReading } from '../shell/shell-reading.ts';
import { findMeantProcess } from './end-process.ts';
import { bytesToWrite, examineTarget, type WriteTarget } from './file-writer.ts';
import { findProgram } from './find-program.ts';
import type { ProcessEntry } from './machine-report.ts';
import { findNamedScripts, type NamedScripts } from './named-scripts.ts';
import type { ProgramSpec } from './program.ts';
import type { TieLimits } from './tied-files.ts';

/** A program that would run, with everything that decides what it does. */
export interface BoundProgram extends NamedScripts {
  readonly spec: ProgramSpec;
  /** What the operation adds to the environment. */
  readonly addedEnv: Readonly<Record<string, string>>;
  /** The file that would be started; null if there is none. */
  readonly file: string | null;
  /** Where the folder really is; null if there is none. */
  readonly realCwd: string | null;
  /** Which folder that is, whatever it is called by then. */
  readonly folderId: string | null;
}

/** An operation tied to what it means on this machine at this moment. */
export interface BoundOperation {
  readonly operation: Operation;
  /** What it runs; null for operations that run nothing, and for those that were refused unread. */
  readonly reading: ShellReading | null;
  /** Of `run` and `shell`. */
  readonly program: BoundProgram | null;
  /** Of `write_file`; null too if the file cannot be looked at, which `obstacle` then explains. */
  readonly target: WriteTarget | null;
  /** Of `end_process`: which process it is; null too if there is none. */
  readonly meant: ProcessEntry | null;
  /** Why the target cannot be written, as it seems now. */
  readonly obstacle: unknown;
  /** SHA-256 in hex over what is asked for: arguments, folder, variables, contents, scripts. */
  readonly hash: string;
  /** The same, and over the file that would be replaced, or the folder itself: what was shown holds while this does. */
  readonly shownHash: string;
}

/** What binding needs to know of the machine. */
export interface BindingContext {
  readonly home: string;
  /** What every program finds in its environment. */
  readonly baseEnv: Readonly<Record<string, string>>;
  /** How much is looked at. */
  readonly limits: TieLimits;
}

/**
 * Ties an operation to what it would do now. Binding it again when it is to run shows whether that has changed: the
 * hashes differ if any of it does. `reading` is what the operation runs, as far as it was read. Never throws for what is missing: nothing is told of the machine before somebody
 * allowed it.
 */
export async function bindOperation(
  operation: Operation,
  reading: ShellReading | null,
  context: BindingContext,
): Promise<BoundOperation> {
  if (operation.operation === 'write_file') return bindWrite(operation);
  const program =
    operation.operation === 'run' || operation.operation === 'shell'
      ? await bindProgram(operation, reading, context)
      : null;
  const meant = operation.operation === 'end_process' ? await findMeantProcess(operation) : null;
  const hash = digest({
    operation,
    // What it calls itself is what the person goes by.
    ...(meant && { command: meant.command, user: meant.user }),
    ...(program && {
      cwd: program.realCwd ?? program.spec.cwd,
      file: program.file,
      scripts: program.scripts,
    }),
  });
  const shownHash = program ? digest({ hash, folder: program.folderId }) : hash;
  return { operation, reading, program, target: null, meant, obstacle: null, hash, shownHash };
}

async function bindProgram(
  operation: OperationOf<'run'> | OperationOf<'shell'>,
  reading: ShellReading | null,
  context: BindingContext,
): Promise<BoundProgram> {
  const cwd = operation.cwd ?? context.home;
  const addedEnv = operation.env ?? {};
  const env = { ...context.baseEnv, ...addedEnv };
  const argv = operation.operation === 'run' ? operation.argv : shellArguments(operation.script);
  const realCwd = await realpath(cwd).catch(() => null);
  const file = await findProgram(argv[0] ?? '', cwd, env);
  const { home, limits } = context;
  const named =
    reading === null
      ? NOTHING_NAMED
      : await findNamedScripts({ operation, reading, file, cwd: realCwd ?? cwd, env, home, limits });
  return {
    spec: { argv, cwd, env },
    addedEnv,
    file,
    realCwd,
    folderId: realCwd === null ? null : await identify(realCwd),
    ...named,
  };
}

const NOTHING_NAMED: NamedScripts = { scripts: [], isUncertain: true, obstacle: null };

async function identify(folder: string): Promise<string | null> {
  return stat(folder, { bigint: true }).then(
    ({ dev, ino }) => `${dev} ${ino}`,
    () => null,
  );
}

/** How a shell line is run. */
export function shellArguments(script: string): readonly string[] {
  return process.platform === 'win32' ? ['cmd.exe', '/d', '/s', '/c', script] : ['/bin/sh', '-c', script];
}

/** What is to be read of an operation; null if it runs nothing, `unknown` if no grammar knows its language. */
export function readingRequestOf(operation: Operation): ReadingRequest | 'unknown' | null {
  if (operation.operation === 'run') return { argv: operation.argv };
  if (operation.operation !== 'shell') return null;
  return process.platform === 'win32' ? 'unknown' : { line: operation.script, language: 'posix' };
}

async function bindWrite(operation: OperationOf<'write_file'>): Promise<BoundOperation> {
  const { content: _, ...rest } = operation;
  const content = createHash('sha256').update(bytesToWrite(operation)).digest('hex');
  let target: WriteTarget | null = null;
  let obstacle: unknown = null;
  try {
    target = await examineTarget(operation.path);
  } catch (error) {
    obstacle = error;
  }
  const hash = digest({ operation: rest, content, target: target?.path ?? null });
  const shownHash = digest({ hash, before: target?.fingerprint ?? null });
  return { operation, reading: null, program: null, target, meant: null, obstacle, hash, shownHash };
}

/** A digest that does not depend on the order in which fields were given. */
function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, sortFields)).digest('hex');
}

function sortFields(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
