import type Database from 'libsql';
import { z } from 'zod';
import { deciderSchema } from '#shared/approvals';
import {
  commandErrorSchema,
  commandResultSchema,
  commandStatusSchema,
  keepingSchema,
  operationSchema,
  outputEncodingSchema,
} from '#shared/commands';
import type { AgentEvent } from '#shared/events';
import type { CommandJournal, CommandQuery } from '../commands/command-journal.ts';
import type { CommandRecord, CommandSummary, ContentDigests } from '../commands/command-record.ts';
import { keepDigest } from '../commands/kept-record.ts';
import type { EventDraft, SessionJournal } from '../sessions/session-journal.ts';
import { COMMAND_LIMITS, CommandContents, type CommandLimits } from './command-contents.ts';

const flag = z.number().transform((value) => value === 1);

// libsql gives out blobs as the one from get() and as the other from all().
const utf8 = z
  .union([z.instanceof(Uint8Array), z.instanceof(ArrayBuffer)])
  .transform((bytes) =>
    Buffer.from(bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : bytes).toString('utf8'),
  );

function json<T>(schema: z.ZodType<T>) {
  return z.string().transform((text): T => schema.parse(JSON.parse(text)));
}

const commandRow = z.object({
  command_id: z.string(),
  session_id: z.string(),
  user_id: z.string(),
  operation: json(operationSchema),
  status: commandStatusSchema,
  hash: z.string(),
  reason: z.string().nullable(),
  origin: z.string(),
  requested_at_ms: z.number(),
  approval_id: z.string().nullable(),
  expires_at_ms: z.number().nullable(),
  decided_at_ms: z.number().nullable(),
  decided_by: deciderSchema.nullable(),
  decision_reason: z.string().nullable(),
  started_at_ms: z.number().nullable(),
  finished_at_ms: z.number().nullable(),
  duration_seconds: z.number().nullable(),
  exit_code: z.number().nullable(),
  signal: z.string().nullable(),
  stdout_encoding: outputEncodingSchema,
  stdout_bytes: z.number(),
  stdout_truncated: flag,
  stderr_encoding: outputEncodingSchema,
  stderr_bytes: z.number(),
  stderr_truncated: flag,
  error: json(commandErrorSchema).nullable(),
  mark: z.string().nullable(),
  has_shot_before: flag,
  has_shot_after: flag,
});

const digest = z.string().nullable();
const digestsSchema: z.ZodType<ContentDigests> = z.object({
  stdout: digest,
  stderr: digest,
  result: z.object({ bytes: z.number(), sha256: z.string() }).nullable(),
});

const summaryRow = commandRow.extend({
  kept: keepingSchema.nullable(),
  digests: json(digestsSchema).nullable(),
});

const wholeRow = summaryRow.extend({
  stdout: utf8,
  stderr: utf8,
  result: json(commandResultSchema).nullable(),
});

const NO_DIGESTS: ContentDigests = { stdout: null, stderr: null, result: null };

const KEEPING = 'command_contents.kept, command_contents.digests';
const FROM = 'FROM commands LEFT JOIN command_contents USING (request_order)';
/** All but what may be large. */
const SELECT_SUMMARY = `SELECT ${Object.keys(commandRow.shape)
  .map((name) => `commands.${name}`)
  .join(', ')}, ${KEEPING} ${FROM}`;
const SELECT_WHOLE = `SELECT commands.*, ${KEEPING} ${FROM}`;

const WRITE = `
  INSERT INTO commands (command_id, session_id, user_id, operation, status, hash, reason, origin, requested_at_ms,
    approval_id, expires_at_ms, decided_at_ms, decided_by, decision_reason, started_at_ms, finished_at_ms,
    duration_seconds, exit_code, signal, stdout, stdout_encoding, stdout_bytes, stdout_truncated, stderr,
    stderr_encoding, stderr_bytes, stderr_truncated, result, error, mark, has_shot_before, has_shot_after)
  VALUES (:commandId, :sessionId, :userId, :operation, :status, :hash, :reason, :origin, :requestedAtMs,
    :approvalId, :expiresAtMs, :decidedAtMs, :decidedBy, :decisionReason, :startedAtMs, :finishedAtMs,
    :durationSeconds, :exitCode, :signal, :stdout, :stdoutEncoding, :stdoutBytes, :stdoutTruncated, :stderr,
    :stderrEncoding, :stderrBytes, :stderrTruncated, :result, :error, :mark, :hasShotBefore, :hasShotAfter)
  ON CONFLICT (command_id) DO UPDATE SET
    status = excluded.status, hash = excluded.hash, approval_id = excluded.approval_id,
    expires_at_ms = excluded.expires_at_ms, decided_at_ms = excluded.decided_at_ms,
    decided_by = excluded.decided_by, decision_reason = excluded.decision_reason,
    started_at_ms = excluded.started_at_ms, finished_at_ms = excluded.finished_at_ms,
    duration_seconds = excluded.duration_seconds, exit_code = excluded.exit_code, signal = excluded.signal,
    stdout = excluded.stdout, stdout_encoding = excluded.stdout_encoding, stdout_bytes = excluded.stdout_bytes,
    stdout_truncated = excluded.stdout_truncated, stderr = excluded.stderr,
    stderr_encoding = excluded.stderr_encoding, stderr_bytes = excluded.stderr_bytes,
    stderr_truncated = excluded.stderr_truncated, result = excluded.result, error = excluded.error,
    mark = excluded.mark, has_shot_before = excluded.has_shot_before, has_shot_after = excluded.has_shot_after`;

/** The journal of commands in SQLite, in the database that the sessions are in, with whose events its own are kept. */
export class SqliteCommandJournal implements CommandJournal {
  readonly #database: Database.Database;
  readonly #contents: CommandContents;
  readonly #write: Database.Statement;
  readonly #writeContent: Database.Statement;
  readonly #savePictures: Database.Statement;
  readonly #find: Database.Statement;
  readonly #listOf: Database.Statement;
  readonly #record: (command: CommandRecord, draft: EventDraft) => AgentEvent;

  /** The database must be open and at the newest schema; `events` keeps its events in the same one. */
  constructor(
    database: Database.Database,
    events: Pick<SessionJournal, 'recordEvent'>,
    limits: CommandLimits = COMMAND_LIMITS,
  ) {
    this.#database = database;
    this.#contents = new CommandContents(database, limits, (commandId) => this.#reduce(commandId));
    this.#write = database.prepare(WRITE);
    this.#writeContent = database.prepare(
      'UPDATE commands SET operation = :operation, result = NULL, stdout = :stdout, stderr = :stderr, ' +
        'stdout_truncated = :stdoutTruncated, stderr_truncated = :stderrTruncated WHERE command_id = :commandId',
    );
    this.#savePictures = database.prepare(
      'UPDATE commands SET has_shot_before = ?, has_shot_after = ? WHERE command_id = ?',
    );
    this.#find = database.prepare(`${SELECT_WHOLE} WHERE command_id = ?`);
    this.#listOf = database.prepare(
      `SELECT commands.*, ${KEEPING}, request_order ${FROM}
       WHERE commands.session_id = ? AND request_order > ? ORDER BY request_order LIMIT ?`,
    );
    this.#record = database.transaction((command: CommandRecord, draft: EventDraft) => {
      const event = events.recordEvent(draft);
      const row = toRow(command);
      this.#write.run(row);
      if (command.finishedAtMs !== null) this.#contents.note(command, contentBytes(row));
      return event;
    });
  }

  record(command: CommandRecord, draft: EventDraft): AgentEvent {
    try {
      return this.#record(command, draft);
    } catch (error) {
      // What was not written is not there either.
      this.#contents.recount();
      throw error;
    }
  }

  savePictures({ commandId, hasShotBefore, hasShotAfter }: CommandRecord): void {
    this.#savePictures.run(hasShotBefore ? 1 : 0, hasShotAfter ? 1 : 0, commandId);
  }

  find(commandId: string): CommandRecord | undefined {
    const row: unknown = this.#find.get(commandId);
    return row === undefined ? undefined : toRecord(wholeRow.parse(row));
  }

  list({ sessionId, owner, limit, offset }: CommandQuery): { records: CommandSummary[]; total: number } {
    // Only the filters that are there, so that each finds its index.
    const conditions = [
      ...(sessionId === undefined ? [] : ['commands.session_id = :sessionId']),
      ...(owner === undefined
        ? []
        : ['commands.session_id IN (SELECT session_id FROM sessions WHERE owner = :owner)']),
    ];
    const filter = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
    const values = {
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(owner === undefined ? {} : { owner }),
    };
    const rows: unknown[] = this.#database
      .prepare(`${SELECT_SUMMARY} ${filter} ORDER BY request_order DESC LIMIT :limit OFFSET :offset`)
      .all({ ...values, limit, offset });
    const count: unknown = this.#database
      .prepare(`SELECT count(*) AS total FROM commands ${filter}`)
      .get(values);
    return {
      records: rows.map((row) => toSummary(summaryRow.parse(row))),
      total: z.object({ total: z.number() }).parse(count).total,
    };
  }

  listOf(sessionId: string, after: number, limit: number): { records: CommandRecord[]; last: number } {
    const rows = wholeRow
      .extend({ request_order: z.number() })
      .array()
      .parse(this.#listOf.all(sessionId, after, limit));
    return { records: rows.map(toRecord), last: rows.at(-1)?.request_order ?? after };
  }

  listUnfinished(): CommandRecord[] {
    const rows: unknown[] = this.#database
      .prepare(`${SELECT_WHOLE} WHERE finished_at_ms IS NULL ORDER BY request_order`)
      .all();
    return rows.map((row) => toRecord(wholeRow.parse(row)));
  }

  /** What was removed by others counts no more. */
  recount(): void {
    this.#contents.recount();
  }

  /** Takes a command's content away. */
  #reduce(commandId: string): void {
    const record = this.find(commandId);
    if (!record) return;
    const { operation, stdout, stderr, stdoutTruncated, stderrTruncated } = toRow(keepDigest(record));
    this.#writeContent.run({ commandId, operation, stdout, stderr, stdoutTruncated, stderrTruncated });
  }
}

function contentBytes(row: Record<string, string | number | Buffer | null>): number {
  return ['operation', 'result', 'stdout', 'stderr']
    .map((name) => row[name])
    .reduce<number>(
      (sum, value) => sum + (typeof value === 'string' || value instanceof Buffer ? value.length : 0),
      0,
    );
}

function toSummary(row: z.infer<typeof summaryRow>): CommandSummary {
  return {
    commandId: row.command_id,
    sessionId: row.session_id,
    userId: row.user_id,
    operation: row.operation,
    status: row.status,
    hash: row.hash,
    reason: row.reason,
    origin: row.origin,
    requestedAtMs: row.requested_at_ms,
    approvalId: row.approval_id,
    expiresAtMs: row.expires_at_ms,
    decidedAtMs: row.decided_at_ms,
    decidedBy: row.decided_by,
    decisionReason: row.decision_reason,
    startedAtMs: row.started_at_ms,
    finishedAtMs: row.finished_at_ms,
    durationSeconds: row.duration_seconds,
    exitCode: row.exit_code,
    signal: row.signal,
    stdout: { encoding: row.stdout_encoding, bytes: row.stdout_bytes, truncated: row.stdout_truncated },
    stderr: { encoding: row.stderr_encoding, bytes: row.stderr_bytes, truncated: row.stderr_truncated },
    error: row.error,
    kept: row.kept ?? 'whole',
    digests: row.digests ?? NO_DIGESTS,
    mark: row.mark,
    hasShotBefore: row.has_shot_before,
    hasShotAfter: row.has_shot_after,
  };
}

function toRecord(row: z.infer<typeof wholeRow>): CommandRecord {
  const summary = toSummary(row);
  return {
    ...summary,
    stdout: { ...summary.stdout, text: row.stdout },
    stderr: { ...summary.stderr, text: row.stderr },
    result: row.result,
  };
}

function toRow(command: CommandRecord): Record<string, string | number | Buffer | null> {
  const { stdout, stderr } = command;
  return {
    commandId: command.commandId,
    sessionId: command.sessionId,
    userId: command.userId,
    operation: JSON.stringify(command.operation),
    status: command.status,
    hash: command.hash,
    reason: command.reason,
    origin: command.origin,
    requestedAtMs: command.requestedAtMs,
    approvalId: command.approvalId,
    expiresAtMs: command.expiresAtMs,
    decidedAtMs: command.decidedAtMs,
    decidedBy: command.decidedBy,
    decisionReason: command.decisionReason,
    startedAtMs: command.startedAtMs,
    finishedAtMs: command.finishedAtMs,
    durationSeconds: command.durationSeconds,
    exitCode: command.exitCode,
    signal: command.signal,
    stdout: Buffer.from(stdout.text),
    stdoutEncoding: stdout.encoding,
    stdoutBytes: stdout.bytes,
    stdoutTruncated: stdout.truncated ? 1 : 0,
    stderr: Buffer.from(stderr.text),
    stderrEncoding: stderr.encoding,
    stderrBytes: stderr.bytes,
    stderrTruncated: stderr.truncated ? 1 : 0,
    result: command.result && JSON.stringify(command.result),
    error: command.error && JSON.stringify(command.error),
    mark: command.mark,
    hasShotBefore: command.hasShotBefore ? 1 : 0,
    hasShotAfter: command.hasShotAfter ? 1 : 0,
  };
}
