import type Database from 'libsql';
import { z } from 'zod';
import { type AgentEvent, agentEventDataSchema, agentEventNameSchema } from '#shared/events';
import { qualitySchema } from '#shared/presets';
import { safetyModeSchema, sessionStatusSchema } from '#shared/sessions';
import { kindOfSource, PRIMARY_SCREEN, type SharedSource } from '#shared/sources';
import type { EventDraft, HistoryQuery, SessionJournal } from '../sessions/session-journal.ts';
import type { SessionRecord } from '../sessions/session-record.ts';

/** How many of the newest events are kept for clients that come back. */
export const KEPT_EVENTS = 10_000;

// Old events are removed in strides, so that most writes do not pay for it.
const TRIM_STRIDE = 256;

const commonRow = {
  session_id: z.string(),
  status: sessionStatusSchema,
  user_id: z.string(),
  origin: z.string(),
  owner: z.string().nullable(),
  metadata: z
    .string()
    .transform((text): Record<string, unknown> => z.record(z.string(), z.unknown()).parse(JSON.parse(text))),
  started_at_ms: z.number(),
  last_activity_at_ms: z.number(),
  duration_seconds: z.number(),
  stopped_at_ms: z.number().nullable(),
  stop_reason: z.string().nullable(),
  approval_id: z.string().nullable(),
  expires_at_ms: z.number().nullable(),
};

const sessionRow = z
  .discriminatedUnion('type', [
    z.object({
      ...commonRow,
      type: z.literal('remote_access'),
      safety_mode: safetyModeSchema,
      commands_executed: z.number(),
    }),
    z.object({
      ...commonRow,
      type: z.literal('screen_share'),
      quality: qualitySchema,
      source_id: z.string().nullable(),
      source_name: z.string().nullable(),
      is_recorded: z.number(),
      frames_captured: z.number(),
    }),
  ])
  .transform((row): SessionRecord => {
    const common = {
      sessionId: row.session_id,
      status: row.status,
      userId: row.user_id,
      origin: row.origin,
      owner: row.owner,
      metadata: row.metadata,
      startedAtMs: row.started_at_ms,
      lastActivityAtMs: row.last_activity_at_ms,
      durationSeconds: row.duration_seconds,
      stoppedAtMs: row.stopped_at_ms,
      stopReason: row.stop_reason,
      approvalId: row.approval_id,
      expiresAtMs: row.expires_at_ms,
    };
    return row.type === 'remote_access'
      ? {
          ...common,
          type: row.type,
          safetyMode: row.safety_mode,
          commandsExecuted: row.commands_executed,
        }
      : {
          ...common,
          type: row.type,
          quality: row.quality,
          source: toSource(row.source_id, row.source_name),
          isRecorded: row.is_recorded === 1,
          framesCaptured: row.frames_captured,
        };
  });

const eventRow = z.object({ seq: z.number(), event: agentEventNameSchema, data: z.string() }).transform(
  ({ seq, event, data }): AgentEvent => ({
    seq,
    event,
    data: agentEventDataSchema.parse(JSON.parse(data)),
  }),
);

const WRITE_SESSION = `
  INSERT INTO sessions (session_id, type, status, user_id, origin, owner, metadata, safety_mode, quality, source_id,
    source_name, is_recorded, approval_id, expires_at_ms, started_at_ms, last_activity_at_ms, duration_seconds, stopped_at_ms,
    stop_reason, commands_executed, frames_captured, end_order)
  VALUES (:sessionId, :type, :status, :userId, :origin, :owner, :metadata, :safetyMode, :quality, :sourceId,
    :sourceName, :isRecorded, :approvalId, :expiresAtMs, :startedAtMs, :lastActivityAtMs, :durationSeconds, :stoppedAtMs,
    :stopReason, :commandsExecuted, :framesCaptured,
    CASE WHEN :stoppedAtMs IS NULL THEN NULL ELSE (SELECT coalesce(max(seq), 0) FROM events) END)
  ON CONFLICT (session_id) DO UPDATE SET
    status = excluded.status, quality = excluded.quality, source_id = excluded.source_id,
    source_name = excluded.source_name, last_activity_at_ms = excluded.last_activity_at_ms,
    duration_seconds = excluded.duration_seconds, stopped_at_ms = excluded.stopped_at_ms,
    stop_reason = excluded.stop_reason, commands_executed = excluded.commands_executed,
    frames_captured = excluded.frames_captured, end_order = excluded.end_order`;

/** The filters of the history. Only those that are asked for go into a statement: SQLite plans before it binds. */
const HISTORY_FILTERS = {
  type: 'type = :type',
  userId: 'user_id = :userId',
  owner: 'owner = :owner',
  sinceMs: 'stopped_at_ms >= :sinceMs',
} as const satisfies Partial<Record<keyof HistoryQuery, string>>;

type HistoryFilter = keyof typeof HISTORY_FILTERS;

/**
 * The statements of a filtered history. A page's ids come from the index alone and only its own rows are read, or
 * the last page of a long history would read all of it.
 */
export function historyStatements(filters: readonly HistoryFilter[]): { page: string; total: string } {
  const where = ['stopped_at_ms IS NOT NULL', ...filters.map((name) => HISTORY_FILTERS[name])].join(' AND ');
  const order = 'ORDER BY stopped_at_ms DESC, end_order DESC';
  return {
    page: `SELECT * FROM sessions WHERE session_id IN
      (SELECT session_id FROM sessions WHERE ${where} ${order} LIMIT :limit OFFSET :offset) ${order}`,
    total: `SELECT count(*) AS total FROM sessions WHERE ${where}`,
  };
}

/** Finds the sessions that a crash cut off. */
export const UNFINISHED_STATEMENT =
  'SELECT * FROM sessions WHERE stopped_at_ms IS NULL ORDER BY started_at_ms';

interface HistoryStatements {
  readonly page: Database.Statement;
  readonly total: Database.Statement;
}

/** The journal in SQLite: one transaction for each call that writes. */
export class SqliteSessionJournal implements SessionJournal {
  readonly #database: Database.Database;
  readonly #writeSession: Database.Statement;
  readonly #writeEvent: Database.Statement;
  readonly #trimEvents: Database.Statement;
  readonly #writeLock: Database.Statement;
  readonly #findSession: Database.Statement;
  readonly #hasSession: Database.Statement;
  readonly #findLock: Database.Statement;
  readonly #findLastSeq: Database.Statement;
  readonly #findOldestSeq: Database.Statement;
  readonly #listEvents: Database.Statement;
  readonly #history = new Map<string, HistoryStatements>();
  readonly #record: (session: SessionRecord, draft: EventDraft) => AgentEvent;
  readonly #recordLock: (locked: boolean, draft: EventDraft) => AgentEvent;
  readonly #saveProgress: (sessions: readonly SessionRecord[]) => void;

  /** The database must be open and at the newest schema; whoever opened it closes it. */
  constructor(database: Database.Database) {
    this.#database = database;
    this.#writeSession = database.prepare(WRITE_SESSION);
    this.#writeEvent = database.prepare('INSERT INTO events (event, data) VALUES (?, ?)');
    this.#trimEvents = database.prepare('DELETE FROM events WHERE seq <= ?');
    this.#writeLock = database.prepare('UPDATE owner_lock SET locked = ?');
    this.#findSession = database.prepare('SELECT * FROM sessions WHERE session_id = ?');
    this.#hasSession = database.prepare('SELECT 1 FROM sessions WHERE session_id = ?');
    this.#findLock = database.prepare('SELECT locked FROM owner_lock');
    this.#findLastSeq = database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'");
    this.#findOldestSeq = database.prepare('SELECT min(seq) AS seq FROM events');
    this.#listEvents = database.prepare('SELECT * FROM events WHERE seq > ? ORDER BY seq LIMIT ?');
    this.#record = database.transaction((session: SessionRecord, draft: EventDraft) => {
      const event = this.recordEvent(draft);
      this.#writeSession.run(toRow(session));
      return event;
    });
    this.#recordLock = database.transaction((locked: boolean, draft: EventDraft) => {
      this.#writeLock.run(locked ? 1 : 0);
      return this.recordEvent(draft);
    });
    this.#saveProgress = database.transaction((sessions: readonly SessionRecord[]) => {
      for (const session of sessions) this.#writeSession.run(toRow(session));
    });
  }

  record(session: SessionRecord, draft: EventDraft): AgentEvent {
    return this.#record(session, draft);
  }

  recordLock(locked: boolean, draft: EventDraft): AgentEvent {
    return this.#recordLock(locked, draft);
  }

  recordEvent(draft: EventDraft): AgentEvent {
    const { lastInsertRowid } = this.#writeEvent.run(draft.event, JSON.stringify(draft.data));
    const seq = Number(lastInsertRowid);
    if (seq % TRIM_STRIDE === 0) this.#trimEvents.run(seq - KEPT_EVENTS);
    return { seq, ...draft };
  }

  saveProgress(sessions: readonly SessionRecord[]): void {
    this.#saveProgress(sessions);
  }

  has(sessionId: string): boolean {
    return this.#hasSession.get(sessionId) !== undefined;
  }

  find(sessionId: string): SessionRecord | undefined {
    const row: unknown = this.#findSession.get(sessionId);
    return row === undefined ? undefined : sessionRow.parse(row);
  }

  listUnfinished(): SessionRecord[] {
    return sessionRow.array().parse(this.#database.prepare(UNFINISHED_STATEMENT).all());
  }

  listEnded(query: HistoryQuery): { records: SessionRecord[]; total: number } {
    const filters = (Object.keys(HISTORY_FILTERS) as HistoryFilter[]).filter(
      (name) => query[name] !== undefined,
    );
    const { page, total } = this.#historyOf(filters);
    const values = Object.fromEntries(filters.map((name) => [name, query[name]]));
    return {
      records: sessionRow.array().parse(page.all({ ...values, limit: query.limit, offset: query.offset })),
      total: z.object({ total: z.number() }).parse(total.get(values)).total,
    };
  }

  isLocked(): boolean {
    return z.object({ locked: z.number() }).parse(this.#findLock.get()).locked === 1;
  }

  lastSeq(): number {
    const row: unknown = this.#findLastSeq.get();
    return row === undefined ? 0 : z.object({ seq: z.number() }).parse(row).seq;
  }

  /** Kept events after number `since`, oldest first, at most `limit`. */
  listEvents(since: number, limit: number): AgentEvent[] {
    return eventRow.array().parse(this.#listEvents.all(since, limit));
  }

  /** The number of the oldest event that is kept; one past the newest if none is. */
  oldestSeq(): number {
    const { seq } = z.object({ seq: z.number().nullable() }).parse(this.#findOldestSeq.get());
    return seq ?? this.lastSeq() + 1;
  }

  // Prepared once for each combination: a prepared statement is freed by the garbage collector alone.
  #historyOf(filters: readonly HistoryFilter[]): HistoryStatements {
    const key = filters.join();
    const known = this.#history.get(key);
    if (known) return known;
    const { page, total } = historyStatements(filters);
    const prepared = { page: this.#database.prepare(page), total: this.#database.prepare(total) };
    this.#history.set(key, prepared);
    return prepared;
  }
}

/** Shares of before there was a choice have neither. */
function toSource(id: string | null, name: string | null): SharedSource {
  if (id === null) return PRIMARY_SCREEN;
  return { id, name: name ?? '', kind: kindOfSource(id) };
}

function toRow(session: SessionRecord): Record<string, string | number | null> {
  const remote = session.type === 'remote_access' ? session : null;
  const screen = session.type === 'screen_share' ? session : null;
  const chosen = screen && screen.source.id !== null ? screen.source : null;
  return {
    sessionId: session.sessionId,
    type: session.type,
    status: session.status,
    userId: session.userId,
    origin: session.origin,
    owner: session.owner,
    metadata: JSON.stringify(session.metadata),
    safetyMode: remote?.safetyMode ?? null,
    quality: screen?.quality ?? null,
    sourceId: chosen?.id ?? null,
    sourceName: chosen?.name ?? null,
    approvalId: session.approvalId,
    expiresAtMs: session.expiresAtMs,
    startedAtMs: session.startedAtMs,
    lastActivityAtMs: session.lastActivityAtMs,
    durationSeconds: session.durationSeconds,
    stoppedAtMs: session.stoppedAtMs,
    stopReason: session.stopReason,
    commandsExecuted: remote?.commandsExecuted ?? 0,
    isRecorded: screen?.isRecorded ? 1 : 0,
    framesCaptured: screen?.framesCaptured ?? 0,
  };
}
