import { stat } from 'node:fs/promises';
import type { CommandError } from '#shared/commands';
import type { Logger } from '../logger.ts';
import { CHECK_DESCRIPTOR, type Containment, type EnclosedProgram, type Enclosure } from './containment.ts';
import { findProgram } from './find-program.ts';
import { LinuxContainment } from './linux-containment.ts';
import { PosixContainment } from './posix-containment.ts';
import { findNamespaceObstacle, type NamespacePlan } from './process-namespace.ts';
import type { ProcessStarter, StartedProcess } from './process-starter.ts';
import type {
  CommandRunner,
  OutputListener,
  Ownership,
  ProgramEnd,
  ProgramSpec,
  RunningProgram,
} from './program.ts';
import { WindowsContainment } from './windows-containment.ts';

/** The most processes that one command may have at a time, where the system can bound it. */
export const MAX_PROCESSES = 512;

/** What commands are to be kept in. */
export interface ContainmentWish {
  readonly log: Logger;
  /** The user's own file mode mask, for what commands create. */
  readonly umask: number;
  /** What commands do not see of this machine; null if they are to have no namespaces. */
  readonly namespaces: NamespacePlan | null;
}

/** A containment, and what keeps it from being as strong as was wished for; null if nothing does. */
export interface ChosenContainment {
  readonly containment: Containment;
  readonly obstacle: string | null;
}

/** The strongest containment that this platform offers, found out by trying. */
export async function chooseContainment(
  { log, umask, namespaces }: ContainmentWish,
  starter: ProcessStarter,
): Promise<ChosenContainment> {
  if (process.platform === 'win32') return { containment: new WindowsContainment(), obstacle: null };
  if (process.platform !== 'linux') return { containment: new PosixContainment(), obstacle: null };
  const obstacle = namespaces && (await findNamespaceObstacle(namespaces, starter));
  const plan = obstacle === null ? namespaces : null;
  const containment = new LinuxContainment({
    log,
    umask,
    maxProcesses: MAX_PROCESSES,
    namespaces: plan,
    starter,
  });
  return { containment, obstacle };
}

/** Runs programs as child processes: no shell, nothing on stdin, a session of their own, inside a containment. */
export class ProcessRunner implements CommandRunner {
  readonly #containment: Containment;
  readonly #log: Logger;
  readonly #starter: ProcessStarter;

  constructor(containment: Containment, log: Logger, starter: ProcessStarter) {
    this.#containment = containment;
    this.#log = log;
    this.#starter = starter;
  }

  start(spec: ProgramSpec, onOutput: OutputListener): RunningProgram {
    return new ContainedProgram(spec, this.#containment.open(), onOutput, this.#starter, this.#log);
  }

  ownerOf(pid: number): Promise<Ownership | null> {
    return this.#containment.ownerOf(pid);
  }

  ownerOfGroup(groupId: number): Ownership | null | undefined {
    return this.#containment.ownerOfGroup(groupId);
  }

  get mayOutlive(): boolean {
    return this.#containment.mayOutlive;
  }

  sweep(marks: readonly string[]): Promise<void> {
    return this.#containment.sweep(marks);
  }

  close(): void {
    this.#containment.close();
    this.#starter.close();
  }
}

// A shell that cannot start a program exits with one of these (POSIX, "Exit Status for Commands").
const NOT_STARTED = new Set([126, 127]);
const MAX_FAILURE_BYTES = 4096;

class ContainedProgram implements RunningProgram {
  readonly mark: string;
  readonly ended: Promise<ProgramEnd>;
  readonly #enclosure: Enclosure;
  readonly #onOutput: OutputListener;
  readonly #starter: ProcessStarter;
  readonly #log: Logger;
  #stopping = false;
  #killAt = Number.POSITIVE_INFINITY;
  #killTimer: NodeJS.Timeout | null = null;
  #killing: Promise<void> | null = null;
  #child: StartedProcess | null = null;
  #isGone = false;

  constructor(
    spec: ProgramSpec,
    enclosure: Enclosure,
    onOutput: OutputListener,
    starter: ProcessStarter,
    log: Logger,
  ) {
    this.mark = enclosure.mark;
    this.#enclosure = enclosure;
    this.#onOutput = onOutput;
    this.#starter = starter;
    this.#log = log;
    this.ended = this.#run(spec).catch((error: unknown) => {
      log.error({ err: error }, 'a program could not be run');
      return notStarted('could_not_start', 'The program could not be started.');
    });
  }

  stop(graceMs: number): void {
    const killAt = performance.now() + graceMs;
    if (killAt >= this.#killAt) return;
    this.#killAt = killAt;
    if (!this.#stopping && graceMs > 0) void this.#attempt(() => this.#enclosure.terminate());
    this.#stopping = true;
    if (this.#killTimer) clearTimeout(this.#killTimer);
    if (graceMs <= 0) void this.#empty();
    else this.#killTimer = setTimeout(() => void this.#empty(), graceMs);
  }

  async #run(spec: ProgramSpec): Promise<ProgramEnd> {
    try {
      const obstacle = (await findObstacle(spec)) ?? (await this.#prepare());
      if (obstacle) return { exitCode: null, signal: null, error: obstacle };
      for (let starts = 0; starts < MAX_STARTS; starts += 1) {
        if (this.#stopping) return { exitCode: null, signal: 'SIGTERM', error: null };
        const end = await this.#runToEnd(spec);
        if (end) return end;
      }
      return notStarted('could_not_start', "The agent's own open files could not be kept from the program.");
    } finally {
      if (this.#killTimer) clearTimeout(this.#killTimer);
      if (!this.#isGone) await this.#empty();
    }
  }

  async #prepare(): Promise<CommandError | null> {
    try {
      await this.#enclosure.prepare();
      return null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { code: 'could_not_start', message: `The program cannot be enclosed: ${reason}` };
    }
  }

  /** Answers null if nothing has run, because a file of the agent's had come along. */
  async #runToEnd(spec: ProgramSpec): Promise<ProgramEnd | null> {
    const enclosed = this.#enclosure.enclose(spec);
    const { file, args, env, checksFiles } = enclosed;
    let child: StartedProcess;
    try {
      child = this.#starter.start({
        file,
        args,
        cwd: spec.cwd,
        env,
        descriptors: ['ignore', 'readable', 'readable', ...(checksFiles ? (['readable'] as const) : [])],
      });
    } catch (error) {
      return toStartFailure(error);
    }
    const failure = this.#listen(child, enclosed);
    const exit = new Promise<ProgramEnd>((resolve) => {
      child.once('error', (error) => resolve(toStartFailure(error)));
      child.once('exit', (code, signal) => resolve(toEnd(code, signal)));
    });
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    this.#child = child;
    if (child.pid !== undefined) this.#enclosure.onStarted(child.pid);
    const found = checksFiles ? readCheck(child) : Promise.resolve('');
    const end = await exit;
    if (end.error === null && (await found) !== '') return null;
    // What it left running goes now; with it go the last writers, so that the output ends.
    await this.#empty();
    this.#isGone = true;
    if (end.error === null) await Promise.race([closed, this.#giveUpOnOutput(child)]);
    return failure(end);
  }

  /** Passes output on; answers what makes of an end that it was a failed start. */
  #listen(child: StartedProcess, { failurePrefix }: EnclosedProgram): (end: ProgramEnd) => ProgramEnd {
    // The enclosure's own message comes first if it comes at all: stderr is held back until it cannot be one.
    let held: Buffer<ArrayBufferLike> | null = failurePrefix === null ? null : Buffer.alloc(0);
    const prefix = Buffer.from(failurePrefix ?? '');
    child.stdio[1]?.on('data', (chunk: Buffer) => this.#onOutput('stdout', chunk));
    child.stdio[2]?.on('data', (chunk: Buffer) => {
      if (held === null) {
        this.#onOutput('stderr', chunk);
        return;
      }
      held = Buffer.concat([held, chunk]);
      const length = Math.min(held.length, prefix.length);
      const mayBeFailure = held.subarray(0, length).equals(prefix.subarray(0, length));
      if (mayBeFailure && held.length < MAX_FAILURE_BYTES) return;
      this.#onOutput('stderr', held);
      held = null;
    });
    return (end) => {
      const isFailure = held?.subarray(0, prefix.length).equals(prefix) && held.length > 0;
      if (isFailure && end.exitCode !== null && NOT_STARTED.has(end.exitCode)) {
        return notStarted(
          'could_not_start',
          explainShellMessage(held?.toString() ?? '', failurePrefix ?? ''),
        );
      }
      if (held !== null && held.length > 0) this.#onOutput('stderr', held);
      return end;
    };
  }

  /** Another user's process may hold the output open that we may not kill: it is not waited for. */
  async #giveUpOnOutput(child: StartedProcess): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, OUTPUT_GRACE_MS).unref());
    child.stdio[1]?.destroy();
    child.stdio[2]?.destroy();
  }

  #empty(): Promise<void> {
    this.#killing ??= this.#attempt(async () => {
      // It may be so young that it is not enclosed yet.
      this.#child?.kill('SIGKILL');
      const left = await this.#enclosure.empty();
      if (left.length > 0) this.#log.warn({ pids: left }, 'a command left processes that may not be killed');
    }).finally(() => {
      // What it starts in between has to be killed as well.
      this.#killing = null;
    });
    return this.#killing;
  }

  async #attempt(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (error) {
      this.#log.error({ err: error }, 'the processes of a command could not be ended');
    }
  }
}

const OUTPUT_GRACE_MS = 1000;

/** A file comes along when another thread opens it at the wrong moment: seldom once, hardly ever twice. */
const MAX_STARTS = 20;

/** What a program's enclosure says of its open files, which is nothing if they are its own alone. */
function readCheck(child: StartedProcess): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const stream = child.stdio[CHECK_DESCRIPTOR];
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    stream?.once('error', () => resolve(said));
    stream?.once('close', () => resolve(said));
    if (!stream) resolve(said);
  });
}

function notStarted(code: string, message: string): ProgramEnd {
  return { exitCode: null, signal: null, error: { code, message } };
}

/** Why a program could not be started, told before anything is. */
async function findObstacle({ argv, cwd, env }: ProgramSpec): Promise<CommandError | null> {
  const program = argv[0] ?? '';
  if (!(await isFolder(cwd))) return { code: 'cwd_not_found', message: `There is no folder ${cwd}.` };
  if (program.startsWith('-') || (await findProgram(program, cwd, env)) === null) {
    return { code: 'program_not_found', message: `There is no program ${program} that can be run.` };
  }
  return null;
}

async function isFolder(folder: string): Promise<boolean> {
  try {
    return (await stat(folder)).isDirectory();
  } catch {
    return false;
  }
}

function toEnd(code: number | null, signal: NodeJS.Signals | null): ProgramEnd {
  if (code !== null) return { exitCode: code, signal: null, error: null };
  return { exitCode: null, signal: signal ?? 'SIGKILL', error: null };
}

const START_ERRORS: Readonly<Record<string, CommandError>> = {
  E2BIG: { code: 'arguments_too_long', message: 'The system does not take that many bytes of arguments.' },
  EAGAIN: { code: 'too_many_processes', message: 'The system allows no more processes.' },
  ENOMEM: { code: 'out_of_memory', message: 'The system has no memory for another process.' },
  EMFILE: { code: 'too_many_files', message: 'The agent has too many files open.' },
};

function toStartFailure(error: unknown): ProgramEnd {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known = START_ERRORS[code];
  const fallback = `The program could not be started${code ? ` (${code})` : ''}.`;
  return known ? notStarted(known.code, known.message) : notStarted('could_not_start', fallback);
}

/** The reason in a shell's message such as `name: line 1: ./x: Permission denied`. */
function explainShellMessage(message: string, prefix: string): string {
  const [line = ''] = message.slice(prefix.length).split('\n');
  const reason = line.split(': ').at(-1) ?? '';
  return `The program could not be started${reason ? `: ${reason}` : ''}.`;
}
