import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type CommandRecord, createCommandRecord } from '../../../src-main/commands/command-record.ts';
import { closeDatabase, openDatabase } from '../../../src-main/store/database.ts';
import { SqliteCommandJournal } from '../../../src-main/store/sqlite-command-journal.ts';
import { SqliteSessionJournal } from '../../../src-main/store/sqlite-session-journal.ts';
import type { Operation } from '../../../src-shared/commands.ts';
import type { LiveRemote } from '../../../src-shared/sessions.ts';

function openJournals() {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-journal-'));
  const database = openDatabase(path.join(folder, 'porthole.db'));
  onTestFinished(() => {
    closeDatabase(database);
    rmSync(folder, { recursive: true, force: true });
  });
  const events = new SqliteSessionJournal(database);
  return { events, commands: new SqliteCommandJournal(database, events), database };
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
    commands.save({ ...(records[0] as CommandRecord), hasShotAfter: true });
    const idsOf = (list: readonly { commandId: string }[]) => list.map(({ commandId }) => commandId);
    const all = idsOf(records);
    expect(idsOf(commands.list({ limit: 10, offset: 0 }).records)).toEqual([...all].reverse());
    const page = commands.list({ sessionId: 'remote_00000001', limit: 1, offset: 1 });
    expect(page.total).toBe(3);
    expect(idsOf(page.records)).toEqual([all[3]]);
    expect(idsOf([...commands.each('remote_00000000')])).toEqual([all[0], all[2], all[4]]);
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
});
