import type { Decider } from '#shared/approvals';
import type { Command, ExecuteBody } from '#shared/commands';
import { PortholeError } from '#shared/errors';
import type { AgentEvent, CommandOutput } from '#shared/events';
import type { LiveRemote } from '#shared/sessions';
import type {
  ApprovalAsk,
  ApprovalQueue,
  Asked,
  Decision,
  DecisionExtent,
} from '../approvals/approval-queue.ts';
import type { Logger } from '../logger.ts';
import { RESTART_REASON } from '../sessions/session-events.ts';
import { readInTurns } from '../turns.ts';
import type { BoundOperation } from './bound-operation.ts';
import { CommandAdmission, type CommandAdmissionOptions, refuseUnbound } from './command-admission.ts';
import { describeAsked, describeFinished } from './command-events.ts';
import type { CommandJournal, CommandQuery } from './command-journal.ts';
import { type CommandRecord, endUnfinished } from './command-record.ts';
import { CommandRun } from './command-run.ts';
import { toCommand, toListedCommand } from './command-view.ts';
import { describeRequest } from './describe-command.ts';
import type { ChangeDescriber } from './file-change.ts';
import type { OperationExecutor } from './operation-executor.ts';
import type { Moment, PictureFolder } from './picture-folder.ts';
import type { CommandRunner, Ownership } from './program.ts';
import type { Camera } from './screen-camera.ts';

/** What a {@link CommandService} works with. */
export interface CommandServiceOptions extends CommandAdmissionOptions {
  readonly log: Logger;
  readonly journal: CommandJournal;
  readonly approvals: ApprovalQueue;
  readonly executor: OperationExecutor;
  readonly runner: CommandRunner;
  readonly camera: Camera;
  readonly pictures: PictureFolder;
  readonly changes: ChangeDescriber;
  /** This and the next are asked for anew at each command. */
  readonly defaultTimeoutSeconds: number;
  /** How long a program may take to end by itself once it was asked to. */
  readonly stopGraceMs: number;
  /** Tells of an event that is on disk. */
  readonly publish: (event: AgentEvent) => void;
  readonly publishOutput: (output: CommandOutput['data']) => void;
}

/** A command that has not ended. */
interface Live {
  record: CommandRecord;
  bound: BoundOperation;
  readonly session: LiveRemote;
  /** Once it may run. */
  run: CommandRun | null;
  /** Why it must not run any more, while it is being looked at before it is asked for or runs. */
  cancelled: string | null;
}

/** What ended commands have on record comes to a few hundred KiB each at most. */
const COMMANDS_AT_A_TIME = 4;
const LISTED_AT_A_TIME = 50;

/** So long programs have at most to end by themselves when their session ends: whoever ended it sees it end. */
const SESSION_GRACE_MS = 500;
/** The same when the agent ends. */
const SHUTDOWN_GRACE_MS = 300;

/**
 * All commands of this agent: admits each as its session's safety mode says, asks the person where they are to be
 * asked, runs what they allowed and nothing else, and keeps all of it on record. Methods throw `PortholeError` for
 * what the caller can mend.
 */
export class CommandService {
  readonly #options: CommandServiceOptions;
  readonly #admission: CommandAdmission;
  readonly #live = new Map<string, Live>();
  /** Commands that a person is about to be asked for. */
  readonly #preparing = new Set<Live>();
  readonly #runs = new Set<Promise<unknown>>();
  #hasRun = false;
  /** What is left to do for commands that have ended. */
  readonly #afterwards = new Set<Promise<void>>();

  constructor(options: CommandServiceOptions) {
    this.#options = options;
    this.#admission = new CommandAdmission(options);
  }

  /**
   * Ends what an earlier run left unfinished, on record with this `reason` and on the machine; `endedAtMs` is the wall time
   * at which that run was last known to live. Once, before the first request.
   */
  async recover(reason = RESTART_REASON, endedAtMs = this.#options.clock.wallMs()): Promise<void> {
    const { journal, clock, publish, runner } = this.#options;
    const marks: string[] = [];
    for (const record of journal.listUnfinished()) {
      const ended = endUnfinished(record, reason, endedAtMs);
      publish(journal.record(ended, describeFinished(ended, clock.wallMs())));
      if (record.mark !== null) marks.push(record.mark);
    }
    await runner.sweep(marks);
  }

  /**
   * Takes one operation for a session; answers the command as it stands then: waiting, running or ended already.
   * `origin` says where the request came from. Throws `session_not_found`, `session_ended`, `session_not_active`,
   * `too_many_commands`, and, with the refusal on record, `read_only_session`, `denied_by_rule`,
   * `not_bindable`, `no_place_to_ask`.
   */
  async execute(sessionId: string, body: ExecuteBody, origin: string): Promise<Command> {
    const { next, ...admitted } = await this.#admission.admit(
      sessionId,
      body,
      origin,
      this.#liveOf(sessionId).length + this.#preparingOf(sessionId).length,
    );
    const live: Live = { ...admitted, run: null, cancelled: null };
    if (next.step === 'refuse') this.#refuse(live, next.refusal);
    if (next.step === 'run') this.#start(live, next.allowed);
    else await this.#prepareAndAsk(live);
    return toCommand(live.run?.current() ?? live.record);
  }

  /** One command with all that it has written. Throws `command_not_found`. */
  find(commandId: string): Command {
    return toCommand(this.#find(commandId));
  }

  /** Whether a command has ended, to be asked as often as one likes. Throws `command_not_found`. */
  hasEnded(commandId: string): boolean {
    const live = this.#live.get(commandId);
    return live ? (live.run?.hasEnded ?? false) : this.#find(commandId).finishedAtMs !== null;
  }

  /** The session of a command. Throws `command_not_found`. */
  sessionOfCommand(commandId: string): string {
    return this.#live.get(commandId)?.session.session_id ?? this.#find(commandId).sessionId;
  }

  /** A page of commands without their outputs, newest request first, and how many match in all. */
  list(query: CommandQuery): { commands: Command[]; total: number } {
    const { records, total } = this.#options.journal.list(query);
    return { commands: records.map(toListedCommand), total };
  }

  /** The same for a page of any length; everybody else has turns meanwhile. */
  async listInTurns(query: CommandQuery): Promise<{ commands: Command[]; total: number }> {
    const { entries, total } = await readInTurns(
      query,
      LISTED_AT_A_TIME,
      (piece) => {
        const page = this.list({ ...query, ...piece });
        return { entries: page.commands, total: page.total };
      },
      ({ command_id }) => command_id,
    );
    return { commands: entries, total };
  }

  /**
   * Every command of a session with what is on record of it, in the order in which they were asked for. Read in pieces, so
   * that no session takes more memory or time at once than a few of its commands.
   */
  *each(sessionId: string): Iterable<Command> {
    for (let after = 0; ; ) {
      const { records, last } = this.#options.journal.listOf(sessionId, after, COMMANDS_AT_A_TIME);
      if (records.length === 0) return;
      for (const record of records) yield toCommand(record);
      after = last;
    }
  }

  /** Decides on a waiting command. Throws `command_not_found`, `command_not_pending`. */
  decide(
    commandId: string,
    outcome: 'allowed' | 'denied',
    by: Decider,
    reason?: string,
    extent?: DecisionExtent,
  ): Command {
    const { status, approvalId } = this.#find(commandId);
    if (status !== 'pending_approval' || approvalId === null) {
      throw new PortholeError(
        'command_not_pending',
        `The command is not waiting for approval; it is ${status}.`,
      );
    }
    try {
      this.#options.approvals.decide(approvalId, outcome, by, reason, extent);
    } catch (error) {
      // Somebody was faster, and it is about to run or to end.
      const isLate = error instanceof PortholeError && error.code === 'approval_decided';
      throw isLate ? new PortholeError('command_not_pending', error.message) : error;
    }
    return this.find(commandId);
  }

  /**
   * Ends a command that waits or runs, with everything that it started; its end comes a moment later. One that has
   * ended stays as it is. Throws `command_not_found`.
   */
  cancel(commandId: string, reason: string): { command: Command; alreadyEnded: boolean } {
    const live = this.#live.get(commandId);
    if (live) this.#cancel(live, reason, this.#options.stopGraceMs);
    return { command: this.find(commandId), alreadyEnded: live === undefined };
  }

  /** Ends everything that a session waits for or runs, and forgets what was allowed for it. Idempotent. */
  endSession(sessionId: string, reason: string): void {
    this.#admission.forgetSession(sessionId);
    for (const live of this.#preparingOf(sessionId)) live.cancelled = reason;
    const graceMs = Math.min(this.#options.stopGraceMs, SESSION_GRACE_MS);
    for (const live of this.#liveOf(sessionId)) this.#cancel(live, reason, graceMs);
  }

  /** Where the picture of a command's screen is kept. Throws `command_not_found`, `not_found`. */
  pictureFile(commandId: string, moment: Moment): string {
    const record = this.#find(commandId);
    if (!(moment === 'before' ? record.hasShotBefore : record.hasShotAfter))
      throw new PortholeError('not_found');
    return this.#options.pictures.fileOf(commandId, moment);
  }

  /** Whether any program of a command may be alive. */
  get isBusy(): boolean {
    return this.#runs.size > 0 || (this.#hasRun && this.#options.runner.mayOutlive);
  }

  /** Whether any program of a command was alive in this run. */
  get hasRun(): boolean {
    return this.#hasRun;
  }

  /**
   * The session whose command process `pid` descends from; empty if it descends from one, but which cannot be told
   * (it is just ending, or hides it); null for anybody else's process.
   */
  async sessionOfProcess(pid: number): Promise<string | null> {
    const owner = await this.#options.runner.ownerOf(pid);
    return owner && this.#sessionOf(owner);
  }

  /**
   * The session whose command made something in this control group, as {@link sessionOfProcess} has it; undefined
   * where groups do not tell.
   */
  sessionOfGroup(groupId: number): string | null | undefined {
    const owner = this.#options.runner.ownerOfGroup(groupId);
    return owner && this.#sessionOf(owner);
  }

  #sessionOf(owner: Ownership): string {
    const live = [...this.#live.values()].find(({ run }) => owner.mark !== null && run?.mark === owner.mark);
    return live?.session.session_id ?? '';
  }

  /**
   * Ends everything and waits until nothing is left running; nothing may be asked of the service afterwards. Pictures
   * are waited for by {@link settle}.
   */
  async close(reason: string): Promise<void> {
    for (const live of this.#preparing) live.cancelled = reason;
    for (const live of [...this.#live.values()]) {
      this.#cancel(live, reason, SHUTDOWN_GRACE_MS);
    }
    await Promise.all(this.#runs);
  }

  /** Puts the end of everything on record, for where no time is left to end it: the guardian does that. */
  recordEnd(reason: string): void {
    const { journal, clock, publish } = this.#options;
    const nowMs = clock.wallMs();
    for (const live of [...this.#live.values()]) {
      const record = live.run?.current() ?? live.record;
      if (record.finishedAtMs !== null) continue;
      const ended = endUnfinished(record, reason, nowMs);
      publish(journal.record(ended, describeFinished(ended, nowMs)));
    }
  }

  /** Waits until the last picture is taken and kept, or will not be. */
  async settle(): Promise<void> {
    await Promise.all(this.#afterwards);
  }

  #find(commandId: string): CommandRecord {
    const live = this.#live.get(commandId);
    const record = live ? (live.run?.current() ?? live.record) : this.#options.journal.find(commandId);
    if (!record) throw new PortholeError('command_not_found');
    return record;
  }

  #liveOf(sessionId: string): Live[] {
    return [...this.#live.values()].filter(({ session }) => session.session_id === sessionId);
  }

  #preparingOf(sessionId: string): Live[] {
    return [...this.#preparing].filter(({ session }) => session.session_id === sessionId);
  }

  /** Puts on record that a command was refused, and tells the caller. */
  #refuse(live: Live, refusal: PortholeError): never {
    this.#end(live, 'denied', { by: 'agent', reason: refusal.message });
    throw refusal;
  }

  /** Asks for a command, unless its session ends while that is being worded. */
  async #prepareAndAsk(live: Live): Promise<void> {
    this.#preparing.add(live);
    let ask: ApprovalAsk;
    try {
      ask = await this.#word(live, []);
    } finally {
      this.#preparing.delete(live);
    }
    this.#options.sessions.assertActiveRemote(live.session.session_id);
    if (live.cancelled !== null) throw new PortholeError('session_ended');
    this.#ask(live, ask);
  }

  #word(live: Live, notes: readonly string[]): Promise<ApprovalAsk> {
    return describeRequest(live.record, live.bound, live.session.safety_mode, notes, this.#options.changes);
  }

  #ask(live: Live, ask: ApprovalAsk): void {
    try {
      this.#options.approvals.ask(ask, {
        onAsked: (asked) => this.#keepAsked(live, asked),
        onDecision: (decision) => this.#applyDecision(live, decision),
      });
    } catch (error) {
      if (!(error instanceof PortholeError)) throw error;
      this.#refuse(live, error);
    }
  }

  #keepAsked(live: Live, { approvalId, expiresAtMs }: Asked): void {
    const { journal, clock, publish } = this.#options;
    const asked: CommandRecord = { ...live.record, approvalId, expiresAtMs, hash: live.bound.hash };
    const event = journal.record(asked, describeAsked(asked, approvalId, clock.wallMs()));
    // Whoever hears of it finds it so.
    live.record = asked;
    this.#live.set(asked.commandId, live);
    publish(event);
  }

  #applyDecision(live: Live, decision: Decision): void {
    switch (decision.outcome) {
      case 'allowed':
        this.#start(live, decision);
        return;
      case 'withdrawn':
        this.#end(live, 'cancelled', decision);
        return;
      case 'expired':
        this.#end(live, 'expired', decision);
        return;
      case 'denied':
        this.#end(live, 'denied', decision);
        if (decision.endSession) this.#endSessionOf(live, decision);
    }
  }

  #endSessionOf({ session }: Live, decision: Decision): void {
    try {
      this.#options.sessions.stopRemote(session.session_id, decision.reason, decision.by);
    } catch (error) {
      this.#options.log.error(
        { err: error },
        'a session could not be ended with the command that was denied',
      );
    }
  }

  /**
   * Runs a command that may run. What somebody allowed is what was shown: it is looked at once more right before, and
   * asked for once more if anything is different then.
   */
  #start(live: Live, decision: Pick<Decision, 'by' | 'reason' | 'scope'> | null): void {
    const { clock, sessions } = this.#options;
    const undecided = live.record;
    const decided = decision && {
      decidedAtMs: clock.wallMs(),
      decidedBy: decision.by,
      decisionReason: decision.reason,
    };
    let bound = live.bound;
    live.record = { ...live.record, ...decided };
    const run = new CommandRun(live.record, live.bound, live.session.safety_mode, {
      ...this.#options,
      isStillSo:
        decision &&
        (async () => {
          bound = await this.#admission.bindAgain(live.bound);
          if (bound.shownHash !== live.bound.shownHash) return false;
          if (decision.scope === 'session')
            this.#admission.allowForSession(live.session.session_id, bound, decision.by);
          return true;
        }),
      onStarted: (record) => sessions.noteCommandStarted(record.sessionId),
    });
    live.run = run;
    const { commandId } = live.record;
    this.#hasRun ||= live.bound.program !== null;
    this.#live.set(commandId, live);
    this.#track(
      run.run().then((end) => {
        if (end === 'changed') return this.#askAgain({ ...live, record: undecided, bound, run: null });
        this.#live.delete(commandId);
        const tracked = end.afterwards.finally(() => this.#afterwards.delete(tracked));
        this.#afterwards.add(tracked);
      }),
    );
  }

  /** Asks for a command that is not any more what was allowed. */
  async #askAgain(live: Live): Promise<void> {
    const { commandId } = live.record;
    this.#live.set(commandId, live);
    try {
      const unbound = refuseUnbound(live.bound);
      const ask = await this.#word(live, [
        'Something that it names has changed since you were asked. This is how it would run now.',
      ]);
      if (live.cancelled !== null) this.#end(live, 'cancelled', { by: 'agent', reason: live.cancelled });
      else if (unbound) this.#end(live, 'denied', { by: 'agent', reason: unbound.message });
      else this.#ask(live, ask);
    } catch (error) {
      if (error instanceof PortholeError) return;
      this.#options.log.error({ err: error }, 'a command that has changed could not be asked for');
      this.#live.delete(commandId);
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#runs.delete(tracked));
    this.#runs.add(tracked);
  }

  #cancel(live: Live, reason: string, graceMs: number): void {
    live.cancelled = reason;
    if (live.run) live.run.cancel(reason, graceMs);
    else if (live.record.approvalId !== null)
      this.#options.approvals.withdraw(live.record.approvalId, reason);
  }

  /** Ends a command that has not run. */
  #end(
    live: Live,
    status: 'denied' | 'expired' | 'cancelled',
    decision: Pick<Decision, 'by' | 'reason'>,
  ): void {
    const { journal, clock, publish } = this.#options;
    const nowMs = clock.wallMs();
    const ended: CommandRecord = {
      ...live.record,
      status,
      decidedAtMs: nowMs,
      decidedBy: decision.by,
      decisionReason: decision.reason,
      finishedAtMs: Math.max(nowMs, live.record.requestedAtMs),
    };
    const event = journal.record(ended, describeFinished(ended, nowMs));
    live.record = ended;
    this.#live.delete(ended.commandId);
    publish(event);
  }
}
