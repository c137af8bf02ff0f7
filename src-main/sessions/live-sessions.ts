import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import type { AgentEvent } from '#shared/events';
import type { SessionType } from '#shared/sessions';
import type { ApprovalQueue } from '../approvals/approval-queue.ts';
import type { Clock } from '../clock.ts';
import { LiveEntry } from './live-entry.ts';
import { describeSessionEvent } from './session-events.ts';
import type { SessionJournal } from './session-journal.ts';
import type { SessionRecord } from './session-record.ts';
import { nextStatus, type SessionMove } from './session-state.ts';
import type { ShareStage } from './share-stage.ts';

/** What sessions live on. */
export interface SessionGround {
  readonly clock: Clock;
  readonly journal: SessionJournal;
  readonly approvals: ApprovalQueue;
  readonly stage: ShareStage;
  /** Tells of an event that is on disk. */
  readonly publish: (event: AgentEvent) => void;
}

/**
 * The sessions that have not ended, and the steps that take one from its start to its end: each is on disk before
 * anybody hears of it.
 */
export class LiveSessions {
  readonly #ground: SessionGround;
  readonly #live = new Map<string, LiveEntry>();

  constructor(ground: SessionGround) {
    this.#ground = ground;
  }

  get size(): number {
    return this.#live.size;
  }

  /** All of them, oldest start first. */
  all(): LiveEntry[] {
    return [...this.#live.values()];
  }

  get(sessionId: string): LiveEntry | undefined {
    return this.#live.get(sessionId);
  }

  /** The record of a session as last written, live or ended; undefined for an unknown one. */
  look(sessionId: string): SessionRecord | undefined {
    return this.#live.get(sessionId)?.record ?? this.#ground.journal.find(sessionId);
  }

  /** The record of a session of `type` as of now, live or ended. Throws `session_not_found`. */
  find<T extends SessionType>(sessionId: string, type: T): RecordOf<T> {
    const live = this.#live.get(sessionId);
    return assertOfType(live ? live.current() : this.#ground.journal.find(sessionId), type);
  }

  /** Puts a new session on disk, then its share on stage, and only then tells of it. */
  admit(record: SessionRecord, by: Decider): LiveEntry {
    const { journal, stage, publish, clock } = this.#ground;
    const event = journal.record(record, describeSessionEvent(record, 'start', record.startedAtMs, by));
    const live = new LiveEntry(record, clock);
    this.#live.set(record.sessionId, live);
    if (record.type === 'screen_share' && record.status === 'active') stage.begin(record);
    publish(event);
    this.#recordIfWanted(record, by);
    return live;
  }

  /** Lets a session begin that waited for approval. */
  approve(live: LiveEntry, by: Decider): void {
    const { journal, stage, publish } = this.#ground;
    live.noteSignOfLife();
    const approved = { ...live.current(), status: nextStatus(live.record.status, 'approve') };
    const event = journal.record(
      approved,
      describeSessionEvent(approved, 'approve', live.lastActivityAtMs, by),
    );
    live.record = approved;
    if (approved.type === 'screen_share') stage.begin(approved);
    publish(event);
    this.#recordIfWanted(approved, by);
  }

  #recordIfWanted(record: SessionRecord, by: Decider): void {
    if (record.type === 'screen_share' && record.status === 'active' && record.isRecorded)
      this.#ground.stage.record(record, by);
  }

  /** Ends a session by `move`; answers its record as it is archived now. */
  end(live: LiveEntry, move: Exclude<SessionMove, 'approve'>, reason: string, by: Decider): SessionRecord {
    const { clock, journal, approvals, stage, publish } = this.#ground;
    const { record } = live;
    const status = nextStatus(record.status, move);
    // The picture goes first: whoever ends a share is obeyed even if the disk refuses to record it.
    if (record.type === 'screen_share') stage.end(record.sessionId);
    // A wall clock set back meanwhile must not make a session end before it began.
    const stoppedAtMs = Math.max(clock.wallMs(), record.startedAtMs);
    const ended = { ...live.current(), status, stoppedAtMs, stopReason: reason };
    const event = journal.record(ended, describeSessionEvent(ended, move, stoppedAtMs, by));
    live.record = ended;
    this.#live.delete(record.sessionId);
    if (record.approvalId !== null) approvals.withdraw(record.approvalId, reason);
    publish(event);
    return ended;
  }

  /** Denies what is pending and stops what is active, several at once; answers their ids. As {@link endEach}. */
  endAllOf(lives: readonly LiveEntry[], reason: string, by: Decider, failures: unknown[] = []): string[] {
    return this.endEach(
      lives,
      (live) => this.end(live, live.record.status === 'pending_approval' ? 'deny' : 'stop', reason, by),
      failures,
    );
  }

  /**
   * Ends several sessions; answers their ids. One that cannot be recorded does not keep the others from ending:
   * what failed, `failures` of before included, is thrown when all had their turn.
   */
  endEach(lives: readonly LiveEntry[], end: (live: LiveEntry) => void, failures: unknown[] = []): string[] {
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
}

/** The record of a session of this type. */
export type RecordOf<T extends SessionType> = Extract<SessionRecord, { type: T }>;

/** The record, which must be there and of `type`. Throws `session_not_found`. */
export function assertOfType<T extends SessionType>(record: SessionRecord | undefined, type: T): RecordOf<T> {
  if (!isOfType(record, type)) throw new PortholeError('session_not_found');
  return record;
}

function isOfType<T extends SessionType>(record: SessionRecord | undefined, type: T): record is RecordOf<T> {
  return record?.type === type;
}
