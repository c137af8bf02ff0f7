import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
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
import { PRIMARY_SCREEN, type SharedSource } from '#shared/sources';
import { ALL_SESSIONS, isInScope, type Scope } from '../access/principal.ts';
import type { Quota } from '../quota.ts';
import { assertOfType, LiveSessions, type SessionGround } from './live-sessions.ts';
import { describeLockEvent, describeSessionEvent, RESTART_REASON } from './session-events.ts';
import type { HistoryQuery } from './session-journal.ts';
import { assertHasRoom, shareOutSessions } from './session-quota.ts';
import type { ScreenRecord } from './session-record.ts';
import { OWN_START, SessionStarts, type StartClaim } from './session-starts.ts';
import { isEndStatus, nextStatus } from './session-state.ts';
import {
  toArchivedRemote,
  toArchivedScreen,
  toArchivedSession,
  toLiveRemote,
  toLiveScreen,
} from './session-view.ts';
import { type ShareChange, type ShareChanger, ShareUpdates } from './share-updates.ts';

/** What a stop found: the archived session, and whether it had ended before. */
export interface StopResult<S extends ArchivedSession> {
  readonly session: S;
  readonly alreadyEnded: boolean;
}

/** What a registry works with. */
export interface SessionRegistryOptions extends SessionGround {
  readonly maxLiveSessions: number;
}

/**
 * All sessions of this agent. Each step (start, decision, end) is on disk before anybody hears of it. Live
 * sessions are held in memory, ended ones only in the journal. Methods throw `PortholeError` for what the caller
 * can mend; nothing has changed then.
 */
export class SessionRegistry {
  readonly #ground: SessionGround;
  readonly #quota: Quota;
  readonly #live: LiveSessions;
  readonly #starts: SessionStarts;
  readonly #updates: ShareUpdates;
  #locked: boolean;

  constructor({ maxLiveSessions, ...ground }: SessionRegistryOptions) {
    this.#ground = ground;
    this.#quota = shareOutSessions(maxLiveSessions);
    this.#live = new LiveSessions(ground);
    this.#starts = new SessionStarts(ground, this.#live);
    this.#updates = new ShareUpdates(ground, this.#live);
    this.#locked = ground.journal.isLocked();
  }

  /**
   * Archives as dropped, for this `reason`, what an earlier run left unfinished; `endedAtMs` is the wall time at which that
   * run was last known to live. Once, before the first start.
   */
  recover(reason = RESTART_REASON, endedAtMs = this.#ground.clock.wallMs()): void {
    const { journal, clock, publish } = this.#ground;
    for (const record of journal.listUnfinished()) {
      const stoppedAtMs = Math.max(endedAtMs, record.lastActivityAtMs, record.startedAtMs);
      const ended = { ...record, status: 'dropped' as const, stoppedAtMs, stopReason: reason };
      const toldAtMs = Math.max(clock.wallMs(), stoppedAtMs);
      publish(journal.record(ended, describeSessionEvent(ended, 'drop', toldAtMs, 'agent')));
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
    this.#assertMayStart(claim);
    return toLiveRemote(this.#starts.startRemote(body, { origin, by, claim }));
  }

  /**
   * Starts a share of `source`, as {@link startRemote} does. Throws what that one throws, and what the stage refuses
   * with.
   */
  startScreen(
    body: StartScreenBody,
    origin: string,
    by: Decider = 'api',
    claim: StartClaim = OWN_START,
    source: SharedSource = PRIMARY_SCREEN,
  ): LiveScreen {
    this.#assertMayStart(claim);
    this.#ground.stage.assertAvailable();
    if (body.record) this.#ground.stage.assertRecordable();
    const record = this.#starts.startScreen(body, source, { origin, by, claim });
    return this.#describe(record);
  }

  /**
   * Changes a share while it is watched; answers it as it is then. Whoever only works in the share cannot show more
   * than the deciders last allowed. Throws `session_not_found`, `session_not_active`, `session_ended` and
   * `beyond_grant`.
   */
  updateScreen(
    sessionId: string,
    change: ShareChange,
    changer: ShareChanger,
    by: Decider = 'api',
  ): LiveScreen {
    const record = this.#updates.update(sessionId, change, changer, by);
    return toLiveScreen(record, this.#ground.stage.describe(sessionId));
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
    const record = this.#live.find(sessionId, 'remote_access');
    return isEndStatus(record.status) ? toArchivedRemote(record) : toLiveRemote(record);
  }

  /** The state of a screen share, live or ended. Throws `session_not_found`. */
  screenStatus(sessionId: string): LiveScreen | ArchivedScreen {
    const record = this.#live.find(sessionId, 'screen_share');
    return isEndStatus(record.status)
      ? toArchivedScreen(record)
      : toLiveScreen(record, this.#ground.stage.describe(sessionId));
  }

  /** Decides on a pending remote session. Throws `session_not_found`, `session_not_pending`. */
  decide(sessionId: string, outcome: 'allowed' | 'denied', by: Decider, reason?: string): void {
    const record = this.#live.look(sessionId);
    if (record?.type !== 'remote_access') throw new PortholeError('session_not_found');
    nextStatus(record.status, outcome === 'allowed' ? 'approve' : 'deny');
    if (record.approvalId === null) throw new PortholeError('session_not_pending');
    this.#ground.approvals.decide(record.approvalId, outcome, by, reason);
  }

  /** All live sessions in `scope`, oldest start first. */
  listLive(scope: Scope = ALL_SESSIONS): LiveSession[] {
    const visible = this.#live.all().filter(({ record }) => isInScope(scope, record));
    return visible.map((live) => {
      const record = live.current();
      return record.type === 'remote_access' ? toLiveRemote(record) : this.#describe(record);
    });
  }

  /** All live shares, oldest start first. Costs nothing for other sessions. */
  listShares(): LiveScreen[] {
    return this.#live.all().flatMap((live) => {
      if (live.record.type !== 'screen_share') return [];
      const record = live.current();
      return record.type === 'screen_share' ? [this.#describe(record)] : [];
    });
  }

  /**
   * The share, if `sessionId` is a live one. Throws `stream_ended`, `session_not_active` while it waits for
   * approval, and `session_not_found`.
   */
  assertSharing(sessionId: string): ScreenRecord {
    const record = this.#live.look(sessionId);
    if (record?.type !== 'screen_share') throw new PortholeError('session_not_found');
    if (isEndStatus(record.status)) throw new PortholeError('stream_ended');
    if (record.status !== 'active') throw new PortholeError('session_not_active');
    return record;
  }

  /** Whether a session, live or ended, is in `scope`; false for an unknown one. */
  isVisible(sessionId: string, scope: Scope): boolean {
    const record = this.#live.look(sessionId);
    return record !== undefined && isInScope(scope, record);
  }

  /** A page of ended sessions, newest end first, and how many match in all. */
  listHistory(query: HistoryQuery): { history: ArchivedSession[]; total: number } {
    const { records, total } = this.#ground.journal.listEnded(query);
    return { history: records.map(toArchivedSession), total };
  }

  /** Takes a heartbeat; answers its wall time. Throws `session_not_found`, `session_ended`. */
  heartbeat(sessionId: string): number {
    const live = this.#live.get(sessionId);
    if (!live)
      throw new PortholeError(this.#ground.journal.has(sessionId) ? 'session_ended' : 'session_not_found');
    live.noteSignOfLife();
    return live.lastActivityAtMs;
  }

  /**
   * The session, if it may be worked in now. Throws `session_not_found`, `session_ended`, and `session_not_active`
   * while it waits for approval.
   */
  assertActiveRemote(sessionId: string): LiveRemote {
    const record = this.#live.find(sessionId, 'remote_access');
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
    const inactive = this.#live.all().filter((live) => live.silentForMs() >= timeoutMs);
    return this.#live.endEach(inactive, (live) => this.#live.end(live, 'drop', 'No sign of life', 'timeout'));
  }

  /** Gives every live session a full timeout anew, after a time in which none could show itself. */
  grantGrace(): void {
    for (const live of this.#live.all()) live.grantGrace();
  }

  /** Writes counters and durations of live sessions to disk, so that a crash costs little of them. */
  saveProgress(): void {
    const records = this.#live.all().map((live) => live.current());
    if (records.length > 0) this.#ground.journal.saveProgress(records);
  }

  /**
   * Locks the agent, then ends everything as {@link endAll} does; answers the ids of all that ended. Nothing starts
   * any more and no picture leaves even if the disk refuses to record it; then this throws and can be tried again.
   */
  stopAll(reason: string, by: Decider = 'api'): string[] {
    this.#locked = true;
    for (const live of this.#live.all()) this.#ground.stage.end(live.record.sessionId);
    const failures: unknown[] = [];
    try {
      if (!this.#ground.journal.isLocked())
        this.#ground.publish(
          this.#ground.journal.recordLock(
            true,
            describeLockEvent(true, reason, this.#ground.clock.wallMs(), by),
          ),
        );
    } catch (failure) {
      failures.push(failure);
    }
    return this.#live.endAllOf(this.#live.all(), reason, by, failures);
  }

  /** Lets sessions start again. Idempotent. */
  rearm(by: Decider = 'api'): void {
    if (!this.#locked) return;
    const event = this.#ground.journal.recordLock(
      false,
      describeLockEvent(false, '', this.#ground.clock.wallMs(), by),
    );
    this.#locked = false;
    this.#ground.publish(event);
  }

  /** Writes down again whether the agent is locked, if others have written something else; answers whether they had. */
  putBackLock(): boolean {
    const { journal, clock, publish } = this.#ground;
    if (journal.isLocked() === this.#locked) return false;
    const reason = 'Another program had changed it';
    publish(
      journal.recordLock(this.#locked, describeLockEvent(this.#locked, reason, clock.wallMs(), 'agent')),
    );
    return true;
  }

  /** Ends every live session that was started with this token; answers their ids. */
  endOwnedBy(owner: string, reason: string): string[] {
    const owned = this.#live.all().filter(({ record }) => record.owner === owner);
    return this.#live.endAllOf(owned, reason, 'agent');
  }

  /** Denies what is pending and stops what is live; answers the ids of all that ended. */
  endAll(reason: string, by: Decider = 'agent'): string[] {
    return this.#live.endAllOf(this.#live.all(), reason, by);
  }

  #describe(record: ScreenRecord): LiveScreen {
    return toLiveScreen(record, this.#ground.stage.describe(record.sessionId));
  }

  #assertMayStart({ owner }: StartClaim): void {
    if (this.#locked) throw new PortholeError('locked_by_owner');
    const live = this.#live.all().map(({ record }) => record);
    assertHasRoom(this.#quota, live, owner);
  }

  #stop<T extends SessionType>(sessionId: string, type: T, reason: string, by: Decider) {
    const record = this.#live.find(sessionId, type);
    const live = this.#live.get(sessionId);
    if (!live) return { record, alreadyEnded: true };
    // Not read again: it has just been written, and others wait for their turn.
    return { record: assertOfType(this.#live.end(live, 'stop', reason, by), type), alreadyEnded: false };
  }
}
