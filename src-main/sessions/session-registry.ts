import { randomBytes } from 'node:crypto';
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
import type { ApprovalQueue, Decision } from '../approvals/approval-queue.ts';
import type { Clock } from '../clock.ts';
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

/** A live session: its record as last written, and what has been counted since. */
interface Live {
  record: SessionRecord;
  readonly startedMonotonicMs: number;
  lastSignMs: number;
  lastActivityAtMs: number;
  framesCaptured: number;
}

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
  readonly #live = new Map<string, Live>();
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
      this.#publish(this.#journal.record(ended, describeSessionEvent(ended, 'drop', nowMs)));
    }
  }

  /** Whether the owner has stopped everything and not yet re-armed. */
  get locked(): boolean {
    return this.#locked;
  }

  /**
   * Starts remote access: active at once, or pending in autonomous mode. `origin` says where the call came from,
   * for people to read. Throws `locked_by_owner`, `too_many_sessions`, and `no_place_to_ask` (the session is then
   * on record as denied).
   */
  startRemote(body: StartRemoteBody, origin: string): LiveRemote {
    this.#assertMayStart();
    const record: RemoteRecord = {
      ...this.#newRecord('remote_access', body, origin),
      type: 'remote_access',
      safetyMode: body.safety_mode,
      approvalId: null,
      expiresAtMs: null,
      commandsExecuted: 0,
    };
    if (record.safetyMode === 'autonomous') return toLiveRemote(this.#admitPending(record, body.reason));
    this.#admit(record);
    return toLiveRemote(record);
  }

  /** Starts a screen share. Throws `locked_by_owner`, `too_many_sessions`, and what the stage refuses with. */
  startScreen(body: StartScreenBody, origin: string): LiveScreen {
    this.#assertMayStart();
    this.#stage.assertAvailable();
    const record: ScreenRecord = {
      ...this.#newRecord('screen_share', body, origin),
      type: 'screen_share',
      quality: body.quality,
      framesCaptured: 0,
    };
    this.#admit(record);
    return toLiveScreen(record, this.#stage.describe(record.sessionId));
  }

  /** Ends remote access; a session that already ended answers its archived result. Throws `session_not_found`. */
  stopRemote(sessionId: string, reason: string): StopResult<ArchivedRemote> {
    const { record, alreadyEnded } = this.#stop(sessionId, 'remote_access', reason);
    return { session: toArchivedRemote(record), alreadyEnded };
  }

  /** Ends a screen share; one that already ended answers its archived result. Throws `session_not_found`. */
  stopScreen(sessionId: string, reason: string): StopResult<ArchivedScreen> {
    const { record, alreadyEnded } = this.#stop(sessionId, 'screen_share', reason);
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
  decide(sessionId: string, outcome: 'allowed' | 'denied', by: Decision['by'], reason?: string): void {
    const record = this.#live.get(sessionId)?.record ?? this.#journal.find(sessionId);
    if (record?.type !== 'remote_access') throw new PortholeError('session_not_found');
    nextStatus(record.status, outcome === 'allowed' ? 'approve' : 'deny');
    if (record.approvalId === null) throw new PortholeError('session_not_pending');
    this.#approvals.decide(record.approvalId, outcome, by, reason);
  }

  /** All live sessions, oldest start first. */
  listLive(): LiveSession[] {
    return [...this.#live.values()].map((live) => {
      const record = this.#current(live);
      return record.type === 'remote_access'
        ? toLiveRemote(record)
        : toLiveScreen(record, this.#stage.describe(record.sessionId));
    });
  }

  /** Returns if `sessionId` is a live screen share; throws `stream_ended` or `session_not_found` otherwise. */
  assertSharing(sessionId: string): void {
    if (this.#live.get(sessionId)?.record.type === 'screen_share') return;
    if (this.#journal.find(sessionId)?.type === 'screen_share') throw new PortholeError('stream_ended');
    throw new PortholeError('session_not_found');
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
    this.#noteSignOfLife(live);
    return live.lastActivityAtMs;
  }

  /** Takes how many frames a share has captured so far. No sign of life. Unknown ids are ignored. */
  noteCaptured(sessionId: string, framesCaptured: number): void {
    const live = this.#live.get(sessionId);
    if (!live) return;
    live.framesCaptured = framesCaptured;
    live.lastActivityAtMs = this.#clock.wallMs();
  }

  /** Takes a frame that reached a viewer as a sign of life. Unknown ids are ignored. */
  noteDelivered(sessionId: string): void {
    const live = this.#live.get(sessionId);
    if (live) this.#noteSignOfLife(live);
  }

  /** Drops every live session whose last sign of life is at least `timeoutMs` old; answers their ids. */
  dropInactive(timeoutMs: number): string[] {
    const nowMs = this.#clock.monotonicMs();
    const inactive = [...this.#live.values()].filter((live) => nowMs - live.lastSignMs >= timeoutMs);
    for (const live of inactive) this.#end(live, 'drop', 'No sign of life');
    return inactive.map((live) => live.record.sessionId);
  }

  /** Gives every live session a full timeout anew, after a time in which none could show itself. */
  grantGrace(): void {
    for (const live of this.#live.values()) live.lastSignMs = this.#clock.monotonicMs();
  }

  /** Writes counters and durations of live sessions to disk, so that a crash costs little of them. */
  saveProgress(): void {
    const records = [...this.#live.values()].map((live) => this.#current(live));
    if (records.length > 0) this.#journal.saveProgress(records);
  }

  /** Locks the agent, then ends everything as {@link endAll} does; answers the ids of all that ended. */
  stopAll(reason: string): string[] {
    const wasLocked = this.#locked;
    this.#locked = true;
    for (const live of this.#live.values()) this.#stage.end(live.record.sessionId);
    if (!wasLocked)
      this.#publish(this.#journal.recordLock(true, describeLockEvent(true, reason, this.#clock.wallMs())));
    return this.endAll(reason);
  }

  /** Lets sessions start again. Idempotent. */
  rearm(): void {
    if (!this.#locked) return;
    const event = this.#journal.recordLock(false, describeLockEvent(false, '', this.#clock.wallMs()));
    this.#locked = false;
    this.#publish(event);
  }

  /** Denies what is pending and stops what is live; answers the ids of all that ended. */
  endAll(reason: string): string[] {
    const all = [...this.#live.values()];
    const failures: unknown[] = [];
    for (const live of all) {
      try {
        this.#end(live, live.record.status === 'pending_approval' ? 'deny' : 'stop', reason);
      } catch (failure) {
        // One that cannot be recorded must not keep the others from ending.
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, 'Not every end could be recorded');
    return all.map((live) => live.record.sessionId);
  }

  #assertMayStart(): void {
    if (this.#locked) throw new PortholeError('locked_by_owner');
    if (this.#live.size >= this.#maxLiveSessions) throw new PortholeError('too_many_sessions');
  }

  #newRecord(type: SessionType, body: StartRemoteBody | StartScreenBody, origin: string): CommonRecord {
    const nowMs = this.#clock.wallMs();
    return {
      sessionId: this.#newSessionId(type),
      userId: body.user_id,
      metadata: body.metadata,
      origin,
      startedAtMs: nowMs,
      status: 'active',
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

  #admitPending(record: RemoteRecord, reason: string | undefined): RemoteRecord {
    const { sessionId, userId, safetyMode, origin } = record;
    const summary = `Remote access in ${safetyMode} mode`;
    const ask = { kind: 'session' as const, sessionId, userId, summary, safetyMode, reason, origin };
    let asked: { approvalId: string; expiresAtMs: number };
    try {
      asked = this.#approvals.ask(ask, (decision) => this.#applyDecision(sessionId, decision));
    } catch (refusal) {
      if (!(refusal instanceof PortholeError)) throw refusal;
      this.#end(this.#admit({ ...record, status: 'pending_approval' }), 'deny', refusal.message);
      throw refusal;
    }
    const pending: RemoteRecord = { ...record, ...asked, status: 'pending_approval' };
    try {
      this.#admit(pending);
      return pending;
    } catch (error) {
      this.#approvals.withdraw(asked.approvalId, 'The session could not be started');
      throw error;
    }
  }

  #applyDecision(sessionId: string, decision: Decision): void {
    const live = this.#live.get(sessionId);
    // A withdrawn request is the session's own end, which has already happened.
    if (!live || decision.outcome === 'withdrawn') return;
    if (decision.outcome === 'allowed') this.#approve(live);
    else this.#end(live, decision.outcome === 'denied' ? 'deny' : 'expire', decision.reason);
  }

  /** Puts a new session on disk, then its share on stage, and only then tells of it. */
  #admit(record: SessionRecord): Live {
    const event = this.#journal.record(record, describeSessionEvent(record, 'start', record.startedAtMs));
    const startedMonotonicMs = this.#clock.monotonicMs();
    const live: Live = {
      record,
      startedMonotonicMs,
      lastSignMs: startedMonotonicMs,
      lastActivityAtMs: record.lastActivityAtMs,
      framesCaptured: 0,
    };
    this.#live.set(record.sessionId, live);
    if (record.type === 'screen_share') this.#stage.begin(record);
    this.#publish(event);
    return live;
  }

  #approve(live: Live): void {
    this.#noteSignOfLife(live);
    const approved = { ...this.#current(live), status: nextStatus(live.record.status, 'approve') };
    const event = this.#journal.record(
      approved,
      describeSessionEvent(approved, 'approve', live.lastActivityAtMs),
    );
    live.record = approved;
    this.#publish(event);
  }

  #end(live: Live, move: Exclude<SessionMove, 'approve'>, reason: string): void {
    const { record } = live;
    const status = nextStatus(record.status, move);
    // The picture goes first: whoever ends a share is obeyed even if the disk refuses to record it.
    if (record.type === 'screen_share') this.#stage.end(record.sessionId);
    // A wall clock set back meanwhile must not make a session end before it began.
    const stoppedAtMs = Math.max(this.#clock.wallMs(), record.startedAtMs);
    const ended = { ...this.#current(live), status, stoppedAtMs, stopReason: reason };
    const event = this.#journal.record(ended, describeSessionEvent(ended, move, stoppedAtMs));
    live.record = ended;
    this.#live.delete(record.sessionId);
    if (record.type === 'remote_access' && record.approvalId !== null) {
      this.#approvals.withdraw(record.approvalId, reason);
    }
    this.#publish(event);
  }

  #noteSignOfLife(live: Live): void {
    live.lastSignMs = this.#clock.monotonicMs();
    live.lastActivityAtMs = this.#clock.wallMs();
  }

  /** The session's record as of now. */
  #current(live: Live): SessionRecord {
    const durationSeconds = (this.#clock.monotonicMs() - live.startedMonotonicMs) / 1000;
    const { lastActivityAtMs } = live;
    return live.record.type === 'screen_share'
      ? { ...live.record, durationSeconds, lastActivityAtMs, framesCaptured: live.framesCaptured }
      : { ...live.record, durationSeconds, lastActivityAtMs };
  }

  /** The record of a session of `type` as of now, live or ended. Throws `session_not_found`. */
  #find<T extends SessionType>(sessionId: string, type: T): Extract<SessionRecord, { type: T }> {
    const live = this.#live.get(sessionId);
    const record = live ? this.#current(live) : this.#journal.find(sessionId);
    if (!isOfType(record, type)) throw new PortholeError('session_not_found');
    return record;
  }

  #stop<T extends SessionType>(sessionId: string, type: T, reason: string) {
    const record = this.#find(sessionId, type);
    const live = this.#live.get(sessionId);
    if (live) this.#end(live, 'stop', reason);
    return { record: live ? this.#find(sessionId, type) : record, alreadyEnded: live === undefined };
  }
}

function isOfType<T extends SessionType>(
  record: SessionRecord | undefined,
  type: T,
): record is Extract<SessionRecord, { type: T }> {
  return record?.type === type;
}
