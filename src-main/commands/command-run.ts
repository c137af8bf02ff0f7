import type { CommandEndStatus, CommandError } from '#shared/commands';
import { OWN_VARIABLE_PREFIX } from '#shared/commands';
import type { AgentEvent, CommandOutput } from '#shared/events';
import type { SafetyMode } from '#shared/sessions';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { BoundOperation } from './bound-operation.ts';
import { describeFinished, describeOutput, describeStarted } from './command-events.ts';
import { CommandFailure } from './command-failure.ts';
import type { CommandJournal } from './command-journal.ts';
import { CHANGING_OPERATIONS } from './command-policy.ts';
import type { CommandRecord, ContentDigests } from './command-record.ts';
import { KeptOutput } from './kept-output.ts';
import { digestResult } from './kept-record.ts';
import type { OperationExecutor } from './operation-executor.ts';
import { OutputFeed } from './output-feed.ts';
import type { Moment, PictureFolder } from './picture-folder.ts';
import type { ProgramEnd, RunningProgram } from './program.ts';
import type { Camera } from './screen-camera.ts';

/** The most bytes of output that are kept of one command, both streams together. */
export const MAX_KEPT_BYTES = 1024 * 1024;
/** Wide enough to see what happened, small enough to keep many. */
const PICTURE_WIDTH_PX = 640;
/** So long a command may be held up for the picture before it. */
const PICTURE_TIMEOUT_MS = 1500;

/** What a {@link CommandRun} works with. */
export interface CommandRunTools {
  readonly clock: Clock;
  readonly log: Logger;
  readonly executor: OperationExecutor;
  readonly camera: Camera;
  readonly pictures: PictureFolder;
  /** Seconds after which a program is ended that asked for no limit of its own. */
  readonly defaultTimeoutSeconds: number;
  /** How long a program may take to end by itself once it was asked to. */
  readonly stopGraceMs: number;
  readonly journal: CommandJournal;
  /** Tells of an event that is on disk. */
  readonly publish: (event: AgentEvent) => void;
  readonly publishOutput: (output: CommandOutput['data']) => void;
  /** Whether what somebody allowed is what would run now, looked at last of all; null where nobody was asked. */
  readonly isStillSo: (() => Promise<boolean>) | null;
  /** The operation begins now. */
  readonly onStarted: (record: CommandRecord) => void;
}

/** How a run came out: with what is left to do once that is on record, the picture; or it did not begin. */
export type RunEnd = { readonly afterwards: Promise<void> } | 'changed';

interface Stop {
  readonly status: Extract<CommandEndStatus, 'cancelled' | 'timed_out' | 'failed'>;
  readonly error: CommandError;
}

type Outcome = Partial<Pick<CommandRecord, 'exitCode' | 'signal' | 'result' | 'error'>> & {
  readonly status: CommandEndStatus;
};

/** One command that may run, from now to its end. */
export class CommandRun {
  readonly #tools: CommandRunTools;
  readonly #bound: BoundOperation;
  readonly #mode: SafetyMode;
  readonly #stdout = new KeptOutput(MAX_KEPT_BYTES / 2);
  readonly #stderr = new KeptOutput(MAX_KEPT_BYTES / 2);
  #record: CommandRecord;
  #startedMs = 0;
  #program: RunningProgram | null = null;
  #stop: Stop | null = null;

  /** `record` is that of a command that is allowed to run, as it was last written. */
  constructor(record: CommandRecord, bound: BoundOperation, mode: SafetyMode, tools: CommandRunTools) {
    this.#record = record;
    this.#bound = bound;
    this.#mode = mode;
    this.#tools = tools;
  }

  /** What its program's processes are known by; null while it has none. */
  get mark(): string | null {
    return this.#program?.mark ?? null;
  }

  /** Whether it has ended; costs nothing, unlike {@link current}. */
  get hasEnded(): boolean {
    return this.#record.finishedAtMs !== null;
  }

  /** The command as of now, with what it has written so far. */
  current(): CommandRecord {
    return this.#record.status === 'running'
      ? { ...this.#record, stdout: this.#stdout.toText(), stderr: this.#stderr.toText() }
      : this.#record;
  }

  /** Ends it for `reason`: asks its program and kills after `graceMs`. The end comes in its own time. */
  cancel(reason: string, graceMs: number): void {
    this.#stopWith({ status: 'cancelled', error: { code: 'cancelled', message: reason } }, graceMs);
  }

  /**
   * Runs it, if it is still what was allowed: else nothing has happened and nothing is on record. Resolves when it has
   * ended. Nothing rejects.
   */
  async run(): Promise<RunEnd> {
    const isPictured =
      this.#record.decidedBy !== null && CHANGING_OPERATIONS.has(this.#bound.operation.operation);
    if (isPictured) await this.#picture('before');
    const { isStillSo } = this.#tools;
    if (isStillSo && !this.#stop && !(await this.#look(isStillSo)) && !this.#stop) return 'changed';
    const outcome = this.#stop ? toOutcome(this.#stop) : await this.#work();
    this.#finish(outcome, outcome.result ? await digestResult(outcome.result) : null);
    const hasRun = this.#record.startedAtMs !== null;
    return { afterwards: isPictured && hasRun ? this.#pictureAfter() : Promise.resolve() };
  }

  async #look(isStillSo: () => Promise<boolean>): Promise<boolean> {
    try {
      return await isStillSo();
    } catch (error) {
      this.#stop ??= { status: 'failed', error: this.#explain(error) };
      return false;
    }
  }

  async #work(): Promise<Outcome> {
    try {
      const { operation } = this.#bound.operation;
      if (operation === 'run' || operation === 'shell') return await this.#runProgram();
      this.#begin(null);
      const result = await this.#tools.executor.perform(this.#bound, this.#mode);
      return { status: 'completed', result };
    } catch (error) {
      return { status: 'failed', error: this.#explain(error) };
    }
  }

  async #runProgram(): Promise<Outcome> {
    const { clock, executor, publishOutput, defaultTimeoutSeconds, stopGraceMs } = this.#tools;
    const feeds = {
      stdout: this.#createFeed('stdout', publishOutput),
      stderr: this.#createFeed('stderr', publishOutput),
    };
    const program = executor.startProgram(this.#bound, this.#mode, this.#ownVariables(), (stream, chunk) => {
      (stream === 'stdout' ? this.#stdout : this.#stderr).append(chunk);
      feeds[stream].append(chunk);
    });
    this.#program = program;
    const { operation } = this.#bound;
    const limit = 'timeout_seconds' in operation ? operation.timeout_seconds : undefined;
    const seconds = limit ?? defaultTimeoutSeconds;
    const cancelTimeout = clock.after(seconds * 1000, () => {
      const message = `It ran longer than ${seconds} s.`;
      this.#stopWith({ status: 'timed_out', error: { code: 'timed_out', message } }, stopGraceMs);
    });
    try {
      this.#begin(program.mark);
      return this.#judge(await program.ended);
    } catch (error) {
      // What cannot be recorded must not go on.
      program.stop(0);
      await program.ended;
      throw error;
    } finally {
      cancelTimeout();
      feeds.stdout.flush();
      feeds.stderr.flush();
    }
  }

  #createFeed(stream: 'stdout' | 'stderr', publish: CommandRunTools['publishOutput']): OutputFeed {
    const { clock } = this.#tools;
    return new OutputFeed(stream, clock, (piece) =>
      publish(describeOutput(this.#record, piece, clock.wallMs())),
    );
  }

  /** Lets the program say which command and session it is part of, when it calls this agent's API. */
  #ownVariables(): Record<string, string> {
    return {
      [`${OWN_VARIABLE_PREFIX}COMMAND_ID`]: this.#record.commandId,
      [`${OWN_VARIABLE_PREFIX}SESSION_ID`]: this.#record.sessionId,
    };
  }

  #judge({ exitCode, signal, error }: ProgramEnd): Outcome {
    if (this.#stop) return { ...toOutcome(this.#stop), exitCode, signal };
    if (error) return { status: 'failed', error };
    if (signal === null) return { status: 'completed', exitCode };
    const message = `Something outside this agent ended it (${signal}).`;
    return { status: 'failed', signal, error: { code: 'killed', message } };
  }

  #stopWith(stop: Stop, graceMs: number): void {
    this.#stop ??= stop;
    this.#program?.stop(graceMs);
  }

  #begin(mark: string | null): void {
    const { clock, journal, publish, onStarted } = this.#tools;
    this.#startedMs = clock.monotonicMs();
    const startedAtMs = clock.wallMs();
    const record: CommandRecord = { ...this.#record, status: 'running', startedAtMs, mark };
    const event = journal.record(record, describeStarted(record, startedAtMs));
    // Whoever hears of it finds it so.
    this.#record = record;
    onStarted(record);
    publish(event);
  }

  #finish(outcome: Outcome, result: ContentDigests['result']): void {
    const { clock, journal, publish, log } = this.#tools;
    const { startedAtMs } = this.#record;
    const finishedAtMs = Math.max(clock.wallMs(), startedAtMs ?? 0);
    const record: CommandRecord = {
      ...this.#record,
      stdout: this.#stdout.toText(),
      stderr: this.#stderr.toText(),
      ...outcome,
      digests: { stdout: this.#stdout.sha256, stderr: this.#stderr.sha256, result },
      finishedAtMs,
      durationSeconds: startedAtMs === null ? null : (clock.monotonicMs() - this.#startedMs) / 1000,
    };
    this.#record = record;
    try {
      publish(journal.record(record, describeFinished(record, finishedAtMs)));
    } catch (error) {
      log.error({ err: error, command_id: record.commandId }, 'the end of a command could not be recorded');
    }
  }

  async #pictureAfter(): Promise<void> {
    await this.#picture('after');
    if (!this.#record.hasShotAfter) return;
    try {
      this.#tools.journal.savePictures(this.#record);
    } catch (error) {
      this.#tools.log.error({ err: error }, 'the picture after a command could not be recorded');
    }
  }

  /** Missing pictures hold nothing up: there may be no screen. */
  async #picture(moment: Moment): Promise<void> {
    const { camera, pictures, log } = this.#tools;
    const { commandId } = this.#record;
    try {
      const frame = await camera.take(PICTURE_WIDTH_PX, PICTURE_TIMEOUT_MS);
      if (!frame) return;
      await pictures.save(commandId, moment, frame.jpeg);
      this.#record = { ...this.#record, [moment === 'before' ? 'hasShotBefore' : 'hasShotAfter']: true };
    } catch (error) {
      log.debug({ err: error, command_id: commandId, moment }, 'no picture could be taken');
    }
  }

  #explain(error: unknown): CommandError {
    if (error instanceof CommandFailure) return error.toError();
    this.#tools.log.error({ err: error, command_id: this.#record.commandId }, 'a command failed');
    return { code: 'internal_error', message: 'The agent failed to do this; its log says why.' };
  }
}

function toOutcome({ status, error }: Stop): Outcome {
  return { status, error };
}
