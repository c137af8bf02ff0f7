import { randomBytes } from 'node:crypto';
import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import type { AgentEvent } from '#shared/events';
import type {
  ArchivedRemote,
  ArchivedScreen,
  ArchivedSession,
  LiveRemote,
  LiveScreen,
  LiveSession,
  SessionType,
  StartRemoteBody,
  StartScreenBody,
} from '#shared/sessions';
import { ALL_SESSIONS, isInScope, type Scope } from '../access/principal.ts';
import type { ApprovalAsk, ApprovalQueue, Decision } from '../approvals/approval-queue.ts';
import type { Clock } from '../clock.ts';
import { LiveEntry } from './live-entry.ts';
import { describeLockEvent, describeSessionEvent, RESTART_REASON } from './session-events.ts';
import type { HistoryQuery, SessionJournal } from './session-journal.ts';
import type { CommonRecord, RemoteRecord, ScreenRecord, SessionRecord } from './session-record.ts';
import { isEndStatus, nextStatus, type SessionMove } from './session-state.ts';
import {
  type ShareView,
  toArchivedRemote,
  toArchivedScreen,
  toArchivedSession,
  toLiveRemote,
  toLiveScreen,
} from './session-view.ts';

/** Where shares get their picture from; opened when a share starts, closed when it ends. */
export interface ShareStage {
  /** Throws `no_screen` or `screen_permission_denied` if no share could start now. */
  assertAvailable(): void;
  /** Never throws: a capture that fails later says so in the stream. */
  begin(share: ScreenRecord): void;
  /** Ends every stream of the share at once and lets go of its capture. Idempotent, never throws. */
  end(sessionId: string): void;
  describe(sessionId: string): ShareView;
}

/** On whose account a session starts, as far as it is not the person's own. */
export interface StartClaim {
  /** The token that it is started with; null for the person at the machine. */
  readonly owner: string | null;
  /** Whether the person is asked before it starts, whatever its kind and mode. */
  readonly mustAsk: boolean;
}

const OWN_START: StartClaim = { owner: null, mustAsk: false };

/** What a stop found: the archived session, and whether it had ended before. */
export interface StopResult<S extends ArchivedSession> {
  readonly session: S;
  readonly alreadyEnded: boolean;
}

/** What a registry works with. */
export interface SessionRegistryOptions {
  readonly clock: Clock;
  readonly journal: SessionJournal;
  readonly approvals: ApprovalQueue;
  readonly stage: ShareStage;
  /** Tells of an event that is on disk. */
  readonly publish: (event: AgentEvent) => void;
  readonly maxLiveSessions: number;
}

/**
 * All sessions of this agent. Each step (start, decision, end) is on disk before anybody hears of it. Live
 * sessions are held in memory, ended ones only in the journal. Methods throw `PortholeError` for what the caller
 * can mend; nothing has changed then.
 */
export class SessionRegistry {
  readonly #clock: Clock;
  readonly #journal: SessionJournal;
  readonly #approvals: ApprovalQueue;
  readonly #stage: ShareStage;
  readonly #publish: (event: AgentEvent) => void;
  readonly #maxLiveSessions: number;
  readonly #live = new Map<string, LiveEntry>();
  #locked: boolean;

  constructor(options: SessionRegistryOptions) {
    this.#clock = options.clock;
    this.#journal = options.journal;
    this.#approvals = options.approvals;
    this.#stage = options.stage;
    this.#publish = options.publish;
    this.#maxLiveSessions = options.maxLiveSessions;
    this.#locked = this.#journal.isLocked();
  }

  /** Archives as dropped what an earlier run left unfinished. Once, before the first start. */
  recover(): void {
    for (const record of this.#journal.listUnfinished()) {
      const nowMs = Math.max(this.#clock.wallMs(), record.startedAtMs);
      const ended = { ...record, status: 'dropped' as const, stoppedAtMs: nowMs, stopReason: RESTART_REASON };
      this.#publish(this.#journal.record(ended, describeSessionEvent(ended, 'drop', nowMs, 'agent')));
    }
  }

  /** Whether the owner has stopped everything and not yet re-armed. */
  get locked(): boolean {
    return this.#locked;
  }

  /**
   * Starts remote access: active at once, or pending in autonomous mode and where `claim` wants it. `origin` says where
   * the call came from, for people to read, `by` what it was made with. Throws `locked_by_owner`, `too_many_sessions`,
   * and `no_place_to_ask` (the session is then on record as denied).
   */
  startRemote(
    body: StartRemoteBody,
    origin: string,
    by: Decider = 'api',
    claim: StartClaim = OWN_START,
  ): LiveRemote {
    this.#assertMayStart();
    const record: RemoteRecord = {
      ...this.#newRecord('remote_access', body, origin, claim),
      type: 'remote_access',
      safetyMode: body.safety_mode,
      commandsExecuted: 0,
    };
    if (claim.mustAsk || record.safetyMode === 'autonomous') {
      return toLiveRemote(this.#admitPending(record, body.reason, by));
    }
    this.#admit(record, by);
    return toLiveRemote(record);
  }

  /** Starts a screen share, as {@link startRemote} does. Throws what that one throws, and what the stage refuses with. */
  startScreen(
    body: StartScreenBody,
    origin: string,
    by: Decider = 'api',
    claim: StartClaim = OWN_START,
  ): LiveScreen {
    this.#assertMayStart();
    this.#stage.assertAvailable();
    const record: ScreenRecord = {
      ...this.#newRecord('screen_share', body, origin, claim),
      type: 'screen_share',
      quality: body.quality,
      framesCaptured: 0,
    };
    const admitted = claim.mustAsk ? this.#admitPending(record, undefined, by) : record;
    if (!claim.mustAsk) this.#admit(record, by);
    return toLiveScreen(admitted, this.#stage.describe(record.sessionId));
  }

  /** Ends remote access; a session that already ended answers its archived result. Throws `session_not_found`. */
  stopRemote(sessionId: string, reason: string, by: Decider = 'api'): StopResult<ArchivedRemote> {
    const { record, alreadyEnded } = this.#stop(sessionId, 'remote_access', reason, by);
    return { session: toArchivedRemote(record), alreadyEnded };
  }

  /** Ends a screen share; one that already ended answers its archived result. Throws `session_not_found`. */
  stopScreen(sessionId: string, reason: string, by: Decider = 'api'): StopResult<ArchivedScreen> {
    const { record, alreadyEnded } = this.#stop(sessionId, 'screen_share', reason, by);
    return { session: toArchivedScreen(record), alreadyEnded };
  }

  /** The state of a remote access session, live or ended. Throws `session_not_found`. */
  remoteStatus(sessionId: string): LiveRemote | ArchivedRemote {
    const record = this.#find(sessionId, 'remote_access');
    return isEndStatus(record.status) ? toArchivedRemote(record) : toLiveRemote(record);
  }

  /** The state of a screen share, live or ended. Throws `session_not_found`. */
  screenStatus(sessionId: string): LiveScreen | ArchivedScreen {
    const record = this.#find(sessionId, 'screen_share');
    return isEndStatus(record.status)
      ? toArchivedScreen(record)
      : toLiveScreen(record, this.#stage.describe(sessionId));
  }

  /** Decides on a pending remote session. Throws `session_not_found`, `session_not_pending`. */
  decide(sessionId: string, outcome: 'allowed' | 'denied', by: Decider, reason?: string): void {
    const record = this.#live.get(sessionId)?.record ?? this.#journal.find(sessionId);
    if (record?.type !== 'remote_access') throw new PortholeError('session_not_found');
    nextStatus(record.status, outcome === 'allowed' ? 'approve' : 'deny');
    if (record.approvalId === null) throw new PortholeError('session_not_pending');
    this.#approvals.decide(record.approvalId, outcome, by, reason);
  }

  /** All live sessions in `scope`, oldest start first. */
  listLive(scope: Scope = ALL_SESSIONS): LiveSession[] {
    const visible = [...this.#live.values()].filter(({ record }) => isInScope(scope, record));
    return visible.map((live) => {
      const record = live.current();
      return record.type === 'remote_access'
        ? toLiveRemote(record)
        : toLiveScreen(record, this.#stage.describe(record.sessionId));
    });
  }

  /**
   * Returns if `sessionId` is a live screen share. Throws `stream_ended`, `session_not_active` while it waits for
   * approval, and `session_not_found`.
   */
  assertSharing(sessionId: string): void {
    const record = this.#live.get(sessionId)?.record ?? this.#journal.find(sessionId);
    if (record?.type !== 'screen_share') throw new PortholeError('session_not_found');
    if (isEndStatus(record.status)) throw new PortholeError('stream_ended');
    if (record.status !== 'active') throw new PortholeError('session_not_active');
  }

  /** Whether a session, live or ended, is in `scope`; false for an unknown one. */
  isVisible(sessionId: string, scope: Scope): boolean {
    const record = this.#live.get(sessionId)?.record ?? this.#journal.find(sessionId);
    return record !== undefined && isInScope(scope, record);
  }

  /** A page of ended sessions, newest end first, and how many match in all. */
  listHistory(query: HistoryQuery): { history: ArchivedSession[]; total: number } {
    const { records, total } = this.#journal.listEnded(query);
    return { history: records.map(toArchivedSession), total };
  }

  /** Takes a heartbeat; answers its wall time. Throws `session_not_found`, `session_ended`. */
  heartbeat(sessionId: string): number {
    const live = this.#live.get(sessionId);
    if (!live) throw new PortholeError(this.#journal.has(sessionId) ? 'session_ended' : 'session_not_found');
    live.noteSignOfLife();
    return live.lastActivityAtMs;
  }

  /**
   * The session, if it may be worked in now. Throws `session_not_found`, `session_ended`, and `session_not_active`
   * while it waits for approval.
   */
  assertActiveRemote(sessionId: string): LiveRemote {
    const record = this.#find(sessionId, 'remote_access');
    if (isEndStatus(record.status)) throw new PortholeError('session_ended');
    if (record.status !== 'active') throw new PortholeError('session_not_active');
    return toLiveRemote(record);
  }

  /** Takes a request for a command as a sign of life. Unknown ids are ignored. */
  noteCommandAsked(sessionId: string): void {
    this.#live.get(sessionId)?.noteSignOfLife();
  }

  /** Counts a command that runs from now on, which is a sign of life too. Unknown ids are ignored. */
  noteCommandStarted(sessionId: string): void {
    this.#live.get(sessionId)?.noteCommand();
  }

  /** Takes how many frames a share has captured so far. No sign of life. Unknown ids are ignored. */
  noteCaptured(sessionId: string, framesCaptured: number): void {
    this.#live.get(sessionId)?.noteCaptured(framesCaptured);
  }

  /** Takes a frame that reached a viewer as a sign of life. Unknown ids are ignored. */
  noteDelivered(sessionId: string): void {
    this.#live.get(sessionId)?.noteSignOfLife();
  }

  /** Drops every live session whose last sign of life is at least `timeoutMs` old; answers their ids. */
  dropInactive(timeoutMs: number): string[] {
    const inactive = [...this.#live.values()].filter((live) => live.silentForMs() >= timeoutMs);
    return this.#endEach(inactive, (live) => this.#end(live, 'drop', 'No sign of life', 'timeout'));
  }

  /** Gives every live session a full timeout anew, after a time in which none could show itself. */
  grantGrace(): void {
    for (const live of this.#live.values()) live.grantGrace();
  }

  /** Writes counters and durations of live sessions to disk, so that a crash costs little of them. */
  saveProgress(): void {
    const records = [...this.#live.values()].map((live) => live.current());
    if (records.length > 0) this.#journal.saveProgress(records);
  }

  /**
   * Locks the agent, then ends everything as {@link endAll} does; answers the ids of all that ended. Nothing starts
   * any more and no picture leaves even if the disk refuses to record it; then this throws and can be tried again.
   */
  stopAll(reason: string, by: Decider = 'api'): string[] {
    this.#locked = true;
    for (const live of this.#live.values()) this.#stage.end(live.record.sessionId);
    const failures: unknown[] = [];
    try {
      if (!this.#journal.isLocked())
        this.#publish(
          this.#journal.recordLock(true, describeLockEvent(true, reason, this.#clock.wallMs(), by)),
        );
    } catch (failure) {
      failures.push(failure);
    }
    return this.#endEach([...this.#live.values()], (live) => this.#endNow(live, reason, by), failures);
  }

  /** Lets sessions start again. Idempotent. */
  rearm(by: Decider = 'api'): void {
    if (!this.#locked) return;
    const event = this.#journal.recordLock(false, describeLockEvent(false, '', this.#clock.wallMs(), by));
    this.#locked = false;
    this.#publish(event);
  }

  /** Ends every live session that was started with this token; answers their ids. */
  endOwnedBy(owner: string, reason: string): string[] {
    const owned = [...this.#live.values()].filter(({ record }) => record.owner === owner);
    return this.#endEach(owned, (live) => this.#endNow(live, reason, 'agent'));
  }

  /** Denies what is pending and stops what is live; answers the ids of all that ended. */
  endAll(reason: string, by: Decider = 'agent'): string[] {
    return this.#endEach([...this.#live.values()], (live) => this.#endNow(live, reason, by));
  }

  #assertMayStart(): void {
    if (this.#locked) throw new PortholeError('locked_by_owner');
    if (this.#live.size >= this.#maxLiveSessions) throw new PortholeError('too_many_sessions');
  }

  #newRecord(
    type: SessionType,
    body: StartRemoteBody | StartScreenBody,
    origin: string,
    { owner }: StartClaim,
  ): CommonRecord {
    const nowMs = this.#clock.wallMs();
    return {
      sessionId: this.#newSessionId(type),
      userId: body.user_id,
      metadata: body.metadata,
      origin,
      owner,
      startedAtMs: nowMs,
      status: 'active',
      approvalId: null,
      expiresAtMs: null,
      lastActivityAtMs: nowMs,
      durationSeconds: 0,
      stoppedAtMs: null,
      stopReason: null,
    };
  }

  #newSessionId(type: SessionType): string {
    const prefix = type === 'remote_access' ? 'remote' : 'screen';
    for (;;) {
      const sessionId = `${prefix}_${randomBytes(4).toString('hex')}`;
      if (!this.#journal.has(sessionId)) return sessionId;
    }
  }

  #admitPending<R extends SessionRecord>(record: R, reason: string | undefined, by: Decider): R {
    const { sessionId, userId, origin } = record;
    const ask = { kind: 'session' as const, sessionId, userId, ...describeStart(record), reason, origin };
    let pending: R = { ...record, status: 'pending_approval' };
    try {
      this.#approvals.ask(ask, {
        onAsked: (asked) => {
          pending = { ...pending, ...asked };
          this.#admit(pending, by);
        },
        onDecision: (decision) => this.#applyDecision(sessionId, decision),
      });
    } catch (refusal) {
      if (refusal instanceof PortholeError) {
        this.#end(this.#admit(pending, by), 'deny', refusal.message, 'agent');
      }
      throw refusal;
    }
    return pending;
  }

  #applyDecision(sessionId: string, decision: Decision): void {
    const live = this.#live.get(sessionId);
    // A withdrawn request is the session's own end, which has already happened.
    if (!live || decision.outcome === 'withdrawn') return;
    if (decision.outcome === 'allowed') this.#approve(live, decision.by);
    else this.#end(live, decision.outcome === 'denied' ? 'deny' : 'expire', decision.reason, decision.by);
  }

  /** Puts a new session on disk, then its share on stage, and only then tells of it. */
  #admit(record: SessionRecord, by: Decider): LiveEntry {
    const event = this.#journal.record(record, describeSessionEvent(record, 'start', record.startedAtMs, by));
    const live = new LiveEntry(record, this.#clock);
    this.#live.set(record.sessionId, live);
    if (record.type === 'screen_share' && record.status === 'active') this.#stage.begin(record);
    this.#publish(event);
    return live;
  }

  #approve(live: LiveEntry, by: Decider): void {
    live.noteSignOfLife();
    const approved = { ...live.current(), status: nextStatus(live.record.status, 'approve') };
    const event = this.#journal.record(
      approved,
      describeSessionEvent(approved, 'approve', live.lastActivityAtMs, by),
    );
    live.record = approved;
    if (approved.type === 'screen_share') this.#stage.begin(approved);
    this.#publish(event);
  }

  #end(live: LiveEntry, move: Exclude<SessionMove, 'approve'>, reason: string, by: Decider): void {
    const { record } = live;
    const status = nextStatus(record.status, move);
    // The picture goes first: whoever ends a share is obeyed even if the disk refuses to record it.
    if (record.type === 'screen_share') this.#stage.end(record.sessionId);
    // A wall clock set back meanwhile must not make a session end before it began.
    const stoppedAtMs = Math.max(this.#clock.wallMs(), record.startedAtMs);
    const ended = { ...live.current(), status, stoppedAtMs, stopReason: reason };
    const event = this.#journal.record(ended, describeSessionEvent(ended, move, stoppedAtMs, by));
    live.record = ended;
    this.#live.delete(record.sessionId);
    if (record.approvalId !== null) this.#approvals.withdraw(record.approvalId, reason);
    this.#publish(event);
  }

  #endNow(live: LiveEntry, reason: string, by: Decider): void {
    this.#end(live, live.record.status === 'pending_approval' ? 'deny' : 'stop', reason, by);
  }

  /**
   * Ends several sessions; answers their ids. One that cannot be recorded does not keep the others from ending:
   * what failed, `failures` of before included, is thrown when all had their turn.
   */
  #endEach(lives: readonly LiveEntry[], end: (live: LiveEntry) => void, failures: unknown[] = []): string[] {
    for (const live of lives) {
      try {
        end(live);
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be recorded');
    return lives.map(({ sessionId }) => sessionId);
  }

  /** The record of a session of `type` as of now, live or ended. Throws `session_not_found`. */
  #find<T extends SessionType>(sessionId: string, type: T): Extract<SessionRecord, { type: T }> {
    const live = this.#live.get(sessionId);
    const record = live ? live.current() : this.#journal.find(sessionId);
    if (!isOfType(record, type)) throw new PortholeError('session_not_found');
    return record;
  }

  #stop<T extends SessionType>(sessionId: string, type: T, reason: string, by: Decider) {
    const record = this.#find(sessionId, type);
    const live = this.#live.get(sessionId);
    if (live) this.#end(live, 'stop', reason, by);
    return { record: live ? this.#find(sessionId, type) : record, alreadyEnded: live === undefined };
  }
}

/** What the person is asked for when a session's start needs approval. */
function describeStart(record: SessionRecord): Pick<ApprovalAsk, 'summary' | 'safetyMode'> {
  return record.type === 'remote_access'
    ? { summary: `Remote access in ${record.safetyMode} mode`, safetyMode: record.safetyMode }
    : { summary: `Share this screen in ${record.quality} quality` };
}

function isOfType<T extends SessionType>(
  record: SessionRecord | undefined,
  type: T,
): record is Extract<SessionRecord, { type: T }> {
  return record?.type === type;
}
