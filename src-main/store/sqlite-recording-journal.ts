import type Database from 'libsql';
import { z } from 'zod';
import type { AgentEvent } from '#shared/events';
import { qualitySchema } from '#shared/presets';
import { recordingStateSchema } from '#shared/recordings';
import type { RecordingJournal, RecordingQuery } from '../recordings/recording-journal.ts';
import type { RecordingRecord } from '../recordings/recording-record.ts';
import type { EventDraft } from '../sessions/session-journal.ts';

const recordingRow = z
  .object({
    recording_id: z.string(),
    session_id: z.string(),
    user_id: z.string(),
    owner: z.string().nullable(),
    quality: qualitySchema,
    state: recordingStateSchema,
    reason: z.string().nullable(),
    started_at_ms: z.number(),
    stopped_at_ms: z.number().nullable(),
    duration_ms: z.number(),
    size_bytes: z.number(),
  })
  .transform(
    (row): RecordingRecord => ({
      recordingId: row.recording_id,
      sessionId: row.session_id,
      userId: row.user_id,
      owner: row.owner,
      quality: row.quality,
      state: row.state,
      reason: row.reason,
      startedAtMs: row.started_at_ms,
      stoppedAtMs: row.stopped_at_ms,
      durationMs: row.duration_ms,
      sizeBytes: row.size_bytes,
    }),
  );

const WRITE = `
  INSERT INTO recordings (recording_id, session_id, user_id, owner, quality, state, reason, started_at_ms,
    stopped_at_ms, duration_ms, size_bytes)
  VALUES (:recordingId, :sessionId, :userId, :owner, :quality, :state, :reason, :startedAtMs, :stoppedAtMs,
    :durationMs, :sizeBytes)
  ON CONFLICT (recording_id) DO UPDATE SET
    state = excluded.state, reason = excluded.reason, stopped_at_ms = excluded.stopped_at_ms,
    duration_ms = excluded.duration_ms, size_bytes = excluded.size_bytes`;

// A filter that is not asked for is null, and lets everything pass: recordings are few.
const MATCHING = `FROM recordings WHERE (:sessionId IS NULL OR session_id = :sessionId)
  AND (:owner IS NULL OR owner = :owner)`;

/** Where the recordings' events are kept. */
interface EventKeeper {
  recordEvent(draft: EventDraft): AgentEvent;
}

/** Recordings in SQLite: one transaction for each call that writes. */
export class SqliteRecordingJournal implements RecordingJournal {
  readonly #write: Database.Statement;
  readonly #find: Database.Statement;
  readonly #unfinished: Database.Statement;
  readonly #before: Database.Statement;
  readonly #page: Database.Statement;
  readonly #total: Database.Statement;
  readonly #used: Database.Statement;
  readonly #record: (recording: RecordingRecord, draft: EventDraft) => AgentEvent;
  readonly #forget: (recordingId: string, draft: EventDraft) => AgentEvent;

  /** The database must be open and at the newest schema; whoever opened it closes it. */
  constructor(database: Database.Database, events: EventKeeper) {
    this.#write = database.prepare(WRITE);
    this.#find = database.prepare('SELECT * FROM recordings WHERE recording_id = ?');
    this.#unfinished = database.prepare(
      'SELECT * FROM recordings WHERE stopped_at_ms IS NULL ORDER BY started_at_ms',
    );
    this.#before = database.prepare(
      'SELECT * FROM recordings WHERE stopped_at_ms IS NOT NULL AND started_at_ms < ?',
    );
    this.#page = database.prepare(
      `SELECT * ${MATCHING} ORDER BY started_at_ms DESC, recording_id LIMIT :limit OFFSET :offset`,
    );
    this.#total = database.prepare(`SELECT count(*) AS total ${MATCHING}`);
    this.#used = database.prepare('SELECT coalesce(sum(size_bytes), 0) AS bytes FROM recordings');
    const remove = database.prepare('DELETE FROM recordings WHERE recording_id = ?');
    this.#record = database.transaction((recording: RecordingRecord, draft: EventDraft) => {
      const event = events.recordEvent(draft);
      this.save(recording);
      return event;
    });
    this.#forget = database.transaction((recordingId: string, draft: EventDraft) => {
      remove.run(recordingId);
      return events.recordEvent(draft);
    });
  }

  record(recording: RecordingRecord, draft: EventDraft): AgentEvent {
    return this.#record(recording, draft);
  }

  save(recording: RecordingRecord): void {
    this.#write.run({ ...recording });
  }

  forget(recordingId: string, draft: EventDraft): AgentEvent {
    return this.#forget(recordingId, draft);
  }

  has(recordingId: string): boolean {
    return this.#find.get(recordingId) !== undefined;
  }

  find(recordingId: string): RecordingRecord | undefined {
    const row: unknown = this.#find.get(recordingId);
    return row === undefined ? undefined : recordingRow.parse(row);
  }

  listUnfinished(): RecordingRecord[] {
    return recordingRow.array().parse(this.#unfinished.all());
  }

  listBefore(wallMs: number): RecordingRecord[] {
    return recordingRow.array().parse(this.#before.all(wallMs));
  }

  list({ sessionId, owner, limit, offset }: RecordingQuery): { records: RecordingRecord[]; total: number } {
    const filters = { sessionId: sessionId ?? null, owner: owner ?? null };
    return {
      records: recordingRow.array().parse(this.#page.all({ ...filters, limit, offset })),
      total: z.object({ total: z.number() }).parse(this.#total.get(filters)).total,
    };
  }

  usedBytes(): number {
    return z.object({ bytes: z.number() }).parse(this.#used.get()).bytes;
  }
}
