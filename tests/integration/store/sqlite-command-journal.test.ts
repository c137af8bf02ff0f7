import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type CommandRecord, createCommandRecord } from '../../../src-main/commands/command-record.ts';
import type { CommandLimits } from '../../../src-main/store/command-contents.ts';
import { closeDatabase, openDatabase } from '../../../src-main/store/database.ts';
import { SqliteCommandJournal } from '../../../src-main/store/sqlite-command-journal.ts';
import { SqliteSessionJournal } from '../../../src-main/store/sqlite-session-journal.ts';
import type { Operation } from '../../../src-shared/commands.ts';
import type { LiveRemote } from '../../../src-shared/sessions.ts';

function openJournals(limits?: CommandLimits) {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-journal-'));
  const database = openDatabase(path.join(folder, 'porthole.db'));
  onTestFinished(() => {
    closeDatabase(database);
    rmSync(folder, { recursive: true, force: true });
  });
  const events = new SqliteSessionJournal(database);
  return { events, commands: new SqliteCommandJournal(database, events, limits), database };
}

function makeRecord(
  sessionId: string,
  operation: Operation,
  more: Partial<CommandRecord> = {},
): CommandRecord {
  const session = { session_id: sessionId, user_id: 'grace' } as LiveRemote;
  const bound = {
    operation,
    reading: null,
    program: null,
    target: null,
    meant: null,
    obstacle: null,
    hash: 'abc',
    shownHash: 'abc',
  };
  const request = { reason: 'to see', origin: 'this machine', atMs: 1_700_000_000_000 };
  return { ...createCommandRecord(bound, session, request), ...more };
}

const draft = {
  event: 'remote_command_started' as const,
  data: { message: 'started', badge: '▶️', timestamp: '2026-01-01T00:00:00.000Z' },
};

describe('sqliteCommandJournal', () => {
  it('gives back what it was given, byte for byte', () => {
    const { commands } = openJournals();
    const record = makeRecord(
      'remote_00000001',
      { operation: 'write_file', path: '/tmp/ü\u202e', content: 'a\0b\n\u{1f441}', encoding: 'utf8' },
      {
        status: 'completed',
        approvalId: 'approval_1',
        expiresAtMs: 1,
        decidedAtMs: 2,
        decidedBy: 'prompt',
        decisionReason: 'Allowed',
        startedAtMs: 3,
        finishedAtMs: 4,
        durationSeconds: 0.25,
        exitCode: 0,
        stdout: { text: 'a\0b\ufffd', encoding: 'utf8_lossy', bytes: 4, truncated: true },
        stderr: { text: '', encoding: 'utf8', bytes: 0, truncated: false },
        result: { operation: 'write_file', path: '/tmp/x', bytes: 3, created: true },
        error: { code: 'x', message: 'y\0' },
        mark: '512345678901234567',
        hasShotBefore: true,
      },
    );
    commands.record(record, draft);
    expect(commands.find(record.commandId)).toEqual(record);
    const { stdout, stderr, result: _, ...rest } = record;
    const { text: _stdout, ...stdoutFacts } = stdout;
    const { text: _stderr, ...stderrFacts } = stderr;
    expect(commands.list({ limit: 10, offset: 0 })).toEqual({
      records: [{ ...rest, stdout: stdoutFacts, stderr: stderrFacts }],
      total: 1,
    });
  });

  it('writes a state and its event together or not at all', () => {
    const { commands, events, database } = openJournals();
    const record = makeRecord('remote_00000001', { operation: 'system_info' });
    const { seq } = commands.record(record, draft);
    expect(events.listEvents(seq - 1, 10)).toEqual([{ seq, ...draft }]);
    database.exec("CREATE TRIGGER full BEFORE UPDATE ON commands BEGIN SELECT RAISE(ABORT, 'full'); END");
    expect(() => commands.record({ ...record, status: 'running' }, draft)).toThrow('full');
    expect(commands.find(record.commandId)?.status).toBe('pending_approval');
    expect(events.lastSeq()).toBe(seq);
  });

  it('pages the commands of one session or all, newest request first, and gives each whole in their order', () => {
    const { commands } = openJournals();
    const records = Array.from({ length: 6 }, (_, index) =>
      makeRecord(`remote_0000000${index % 2}`, { operation: 'run', argv: [`${index}`] }),
    );
    for (const record of records) commands.record(record, draft);
    // A later write changes no order.
    commands.savePictures({ ...(records[0] as CommandRecord), hasShotAfter: true });
    const idsOf = (list: readonly { commandId: string }[]) => list.map(({ commandId }) => commandId);
    const all = idsOf(records);
    expect(idsOf(commands.list({ limit: 10, offset: 0 }).records)).toEqual([...all].reverse());
    const page = commands.list({ sessionId: 'remote_00000001', limit: 1, offset: 1 });
    expect(page.total).toBe(3);
    expect(idsOf(page.records)).toEqual([all[3]]);
    const first = commands.listOf('remote_00000000', 0, 2);
    expect(idsOf(first.records)).toEqual([all[0], all[2]]);
    const rest = commands.listOf('remote_00000000', first.last, 2);
    expect(idsOf(rest.records)).toEqual([all[4]]);
    expect(commands.listOf('remote_00000000', rest.last, 2)).toEqual({ records: [], last: rest.last });
  });

  it('finds what had not ended', () => {
    const { commands } = openJournals();
    const waiting = makeRecord('remote_00000001', { operation: 'system_info' });
    const ended = makeRecord(
      'remote_00000001',
      { operation: 'system_info' },
      { status: 'denied', finishedAtMs: 1 },
    );
    for (const record of [waiting, ended]) commands.record(record, draft);
    expect(commands.listUnfinished()).toEqual([waiting]);
  });

  describe('within limits', () => {
    const LIMITS: CommandLimits = {
      sessionContentBytes: 10_000,
      tokenContentBytes: 15_000,
      sessionCommands: 8,
    };

    function openWithin() {
      const { commands, database } = openJournals(LIMITS);
      const addSession = (sessionId: string, owner: string | null): void => {
        database
          .prepare(
            `INSERT INTO sessions (session_id, type, status, user_id, origin, metadata, started_at_ms,
               last_activity_at_ms, duration_seconds, owner)
             VALUES (?, 'remote_access', 'active', 'grace', 'this machine', '{}', 0, 0, 0, ?)`,
          )
          .run(sessionId, owner);
      };
      /** Has a command end that wrote this much. */
      const end = (sessionId: string, bytes: number): string => {
        const stdout = { text: 'x'.repeat(bytes), encoding: 'utf8' as const, bytes, truncated: false };
        const digests = { stdout: 'd'.repeat(64), stderr: null, result: null };
        const record = makeRecord(
          sessionId,
          { operation: 'run', argv: ['x'] },
          { stdout, digests, finishedAtMs: 1 },
        );
        commands.record(record, draft);
        return record.commandId;
      };
      const keptOf = (ids: readonly string[]) => ids.map((id) => commands.find(id)?.kept);
      return { commands, addSession, end, keptOf };
    }

    it('takes content from the oldest commands of the session that has too much, and keeps digests', () => {
      const { commands, addSession, end, keptOf } = openWithin();
      for (const id of ['remote_00000001', 'remote_00000002']) addSession(id, null);
      const other = end('remote_00000002', 9000);
      const ids = [4000, 4000, 4000, 1000].map((bytes) => end('remote_00000001', bytes));
      expect(keptOf([other, ...ids])).toEqual(['whole', 'digest', 'whole', 'whole', 'whole']);
      expect(commands.find(ids[0] ?? '')).toMatchObject({
        stdout: { text: '\n[… 4000 bytes left out …]\n', bytes: 4000, truncated: true },
        digests: { stdout: 'd'.repeat(64) },
        operation: { argv: ['x'] },
      });
      expect(commands.list({ sessionId: 'remote_00000001', limit: 10, offset: 3 }).records[0]?.kept).toBe(
        'digest',
      );
    });

    it('takes it from the oldest of all sessions of a token that has too much, and of no other', () => {
      const { addSession, end, keptOf } = openWithin();
      const owners = [null, 'token_1', 'token_1', 'token_2'];
      for (const [at, owner] of owners.entries()) addSession(`remote_0000000${at}`, owner);
      const ids = owners.map((_, at) => end(`remote_0000000${at}`, 9000));
      expect(keptOf(ids)).toEqual(['whole', 'digest', 'whole', 'whole']);
    });

    it('takes away a very large one by itself', () => {
      const { addSession, end, keptOf } = openWithin();
      addSession('remote_00000001', null);
      expect(keptOf([end('remote_00000001', 20_000)])).toEqual(['digest']);
    });

    it('keeps so many commands of a session, the newest, and those that have not ended', () => {
      const { commands, addSession, end } = openWithin();
      addSession('remote_00000001', null);
      const waiting = makeRecord('remote_00000001', { operation: 'system_info' });
      commands.record(waiting, draft);
      const ids = Array.from({ length: 12 }, () => end('remote_00000001', 10));
      const { records } = commands.list({ sessionId: 'remote_00000001', limit: 100, offset: 0 });
      expect(records.map(({ commandId }) => commandId)).toEqual([
        ...ids.slice(-7).reverse(),
        waiting.commandId,
      ]);
      // Pictures that come late bring nothing back.
      commands.savePictures({ ...waiting, commandId: ids[0] ?? '', hasShotAfter: true });
      expect(commands.find(ids[0] ?? '')).toBeUndefined();
    });

    it('counts anew after a write that failed, and after a restart', () => {
      const { commands, addSession, end, keptOf } = openWithin();
      addSession('remote_00000001', null);
      const first = end('remote_00000001', 6000);
      commands.recount();
      const second = end('remote_00000001', 6000);
      expect(keptOf([first, second])).toEqual(['digest', 'whole']);
    });
  });
});
