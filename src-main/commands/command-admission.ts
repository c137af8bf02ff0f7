import { homedir } from 'node:os';
import type { Decider } from '#shared/approvals';
import type { ExecuteBody, Operation } from '#shared/commands';
import { PortholeError } from '#shared/errors';
import type { LiveRemote } from '#shared/sessions';
import type { Clock } from '../clock.ts';
import type { SessionRegistry } from '../sessions/session-registry.ts';
import { type ShellReader, type ShellReading, unreadBecause } from '../shell/shell-reading.ts';
import { type BoundOperation, bindOperation, readingRequestOf } from './bound-operation.ts';
import { OPERATION_POLICY, type Verdict } from './command-policy.ts';
import { type CommandRecord, createCommandRecord } from './command-record.ts';
import type { DenyRules, RuleRefusal } from './deny-rules.ts';
import { ASKED_LIMITS, type TieLimits, UNASKED_LIMITS } from './tied-files.ts';

/** What a {@link CommandAdmission} decides by. */
export interface CommandAdmissionOptions {
  readonly clock: Clock;
  readonly sessions: SessionRegistry;
  /** This and the limit are asked for anew at each command. */
  readonly rules: DenyRules;
  /** The most commands of one session that may wait or run at once. */
  readonly maxPerSession: number;
  /** Reads what operations run. */
  readonly shell: ShellReader;
  /** What every program finds in its environment. */
  readonly baseEnv: Readonly<Record<string, string>>;
}

/** What is to become of a command: it runs, a person is asked first, or it is refused. */
export type NextStep =
  | { readonly step: 'run'; readonly allowed: { readonly by: Decider; readonly reason: string } | null }
  | { readonly step: 'ask' }
  | { readonly step: 'refuse'; readonly refusal: PortholeError };

/** A command that was asked for just now, and what is to become of it. */
export interface AdmittedCommand {
  readonly record: CommandRecord;
  readonly bound: BoundOperation;
  readonly session: LiveRemote;
  readonly next: NextStep;
}

/**
 * Decides what becomes of an operation that is asked for: by its session's safety mode, the deny rules, and what a
 * person has allowed for as long as the session lives.
 */
export class CommandAdmission {
  readonly #options: CommandAdmissionOptions;
  /** Requests that are being looked at and have no record yet, by session. */
  readonly #arriving = new Map<string, number>();
  /** What a person allowed for as long as a session lives: the hash, and who decided. */
  readonly #allowed = new Map<string, Map<string, Decider>>();

  constructor(options: CommandAdmissionOptions) {
    this.#options = options;
  }

  /**
   * Looks at one operation for a session that has `unfinished` commands. `origin` says where the request came from.
   * Throws `session_not_found`, `session_ended`, `session_not_active`, `too_many_commands`.
   */
  async admit(
    sessionId: string,
    { reason, ...operation }: ExecuteBody,
    origin: string,
    unfinished: number,
  ): Promise<AdmittedCommand> {
    const { sessions, clock } = this.#options;
    const session = sessions.assertActiveRemote(sessionId);
    const arriving = this.#arriving.get(sessionId) ?? 0;
    if (unfinished + arriving >= this.#options.maxPerSession) throw new PortholeError('too_many_commands');
    this.#arriving.set(sessionId, arriving + 1);
    const asked = operation as Operation;
    const verdict = OPERATION_POLICY[session.safety_mode][asked.operation];
    let bound: BoundOperation;
    let denial: RuleRefusal | null = null;
    try {
      // What is refused in any case is not worth reading.
      const reading = verdict === 'refuse' ? null : await this.#read(asked);
      bound = await this.#bind(asked, reading, verdict === 'ask' ? ASKED_LIMITS : UNASKED_LIMITS);
      if (verdict !== 'refuse') denial = await this.#options.rules.findRefusal(asked, reading);
    } finally {
      this.#leave(sessionId);
    }
    // The session may have ended while files and lines were looked at.
    sessions.assertActiveRemote(sessionId);
    sessions.noteCommandAsked(sessionId);
    const request = { reason: reason ?? null, origin, atMs: clock.wallMs() };
    return {
      record: createCommandRecord(bound, session, request),
      bound,
      session,
      next: this.#decide(session, bound, verdict, denial),
    };
  }

  /** What an operation that was looked at before, and asked for, would do on this machine now. */
  bindAgain({ operation, reading }: BoundOperation): Promise<BoundOperation> {
    return this.#bind(operation, reading, ASKED_LIMITS);
  }

  /** Lets the very same operation run unasked from now on, until {@link forgetSession}. */
  allowForSession(sessionId: string, { hash }: BoundOperation, by: Decider): void {
    const allowed = this.#allowed.get(sessionId) ?? new Map<string, Decider>();
    this.#allowed.set(sessionId, allowed.set(hash, by));
  }

  /** Forgets what was allowed for a session. */
  forgetSession(sessionId: string): void {
    this.#allowed.delete(sessionId);
  }

  /** What an operation runs; null for those that run nothing. */
  async #read(operation: Operation): Promise<ShellReading | null> {
    const request = readingRequestOf(operation);
    if (request === null) return null;
    return request === 'unknown' ? unreadBecause('foreign') : this.#options.shell.read(request);
  }

  #bind(operation: Operation, reading: ShellReading | null, limits: TieLimits): Promise<BoundOperation> {
    return bindOperation(operation, reading, { home: homedir(), baseEnv: this.#options.baseEnv, limits });
  }

  #decide(
    session: LiveRemote,
    bound: BoundOperation,
    verdict: Verdict,
    denial: RuleRefusal | null,
  ): NextStep {
    if (verdict === 'refuse') return { step: 'refuse', refusal: new PortholeError('read_only_session') };
    if (denial) return { step: 'refuse', refusal: new PortholeError('denied_by_rule', denial.message) };
    if (verdict === 'run') return { step: 'run', allowed: null };
    const unbound = refuseUnbound(bound);
    if (unbound) return { step: 'refuse', refusal: unbound };
    const by = this.#allowed.get(session.session_id)?.get(bound.hash);
    return by ? { step: 'run', allowed: { by, reason: 'Allowed for this session' } } : { step: 'ask' };
  }

  #leave(sessionId: string): void {
    const left = (this.#arriving.get(sessionId) ?? 1) - 1;
    if (left > 0) this.#arriving.set(sessionId, left);
    else this.#arriving.delete(sessionId);
  }
}

/** Why nobody can be asked for an operation: what it would run could be exchanged for something else unnoticed. */
export function refuseUnbound({ program }: BoundOperation): PortholeError | null {
  if (!program || program.obstacle === null) return null;
  return new PortholeError(
    'not_bindable',
    `${program.obstacle} What is allowed must be what runs, so this is not asked for; name less, or put it elsewhere.`,
  );
}
