import type { AgentEvent, AgentEventData, AgentEventName } from '#shared/events';
import type { SessionType } from '#shared/sessions';
import type { SessionRecord } from './session-record.ts';

/** An event before it has its number. */
export interface EventDraft {
  readonly event: AgentEventName;
  readonly data: AgentEventData;
}

/** Which ended sessions to list. */
export interface HistoryQuery {
  readonly limit: number;
  readonly offset: number;
  readonly type?: SessionType | undefined;
  readonly userId?: string | undefined;
  /** Only sessions that were started with this token. */
  readonly owner?: string | undefined;
  /** Only sessions that ended at this wall time or later. */
  readonly sinceMs?: number | undefined;
}

/**
 * Where sessions are kept. Every write is on disk when the call returns: it survives a kill of the process at
 * any moment, and a session's state never gets there without its event or the event without the state.
 */
export interface SessionJournal {
  /** Writes the session's state together with the event that tells of it; answers the event with its number. */
  record(session: SessionRecord, draft: EventDraft): AgentEvent;
  /** Writes whether the owner has locked the agent, together with the event that tells of it. */
  recordLock(locked: boolean, draft: EventDraft): AgentEvent;
  /** Writes an event that changes no session. */
  recordEvent(draft: EventDraft): AgentEvent;
  /** Writes counters, activity and duration of live sessions, so that little is lost in a crash. */
  saveProgress(sessions: readonly SessionRecord[]): void;
  /** Whether a session of this id was ever kept. */
  has(sessionId: string): boolean;
  find(sessionId: string): SessionRecord | undefined;
  /** Sessions that had not ended when they were last written, oldest start first. */
  listUnfinished(): SessionRecord[];
  /** Ended sessions, newest end first. `total` counts all that match, whatever the page. */
  listEnded(query: HistoryQuery): { records: SessionRecord[]; total: number };
  isLocked(): boolean;
  /** The number of the newest event, 0 before the first. */
  lastSeq(): number;
}
