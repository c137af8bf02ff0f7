import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type Database from 'libsql';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { EventDraft } from '../../../src-main/sessions/session-journal.ts';
import type { RemoteRecord, ScreenRecord } from '../../../src-main/sessions/session-record.ts';
import { closeDatabase, openDatabase } from '../../../src-main/store/database.ts';
import {
  historyStatements,
  KEPT_EVENTS,
  SqliteSessionJournal,
  UNFINISHED_STATEMENT,
} from '../../../src-main/store/sqlite-session-journal.ts';
import { PRIMARY_SCREEN } from '../../../src-shared/sources.ts';

const START_MS = Date.UTC(2026, 0, 1);

let folder: string;
let database: Database.Database;
let journal: SqliteSessionJournal;

function open(): void {
  database = openDatabase(path.join(folder, 'porthole.db'));
  journal = new SqliteSessionJournal(database);
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-journal-'));
  open();
  onTestFinished(() => {
    closeDatabase(database);
    rmSync(folder, { recursive: true, force: true });
  });
});

const common = {
  userId: 'grace',
  metadata: {},
  origin: 'this machine',
  startedAtMs: START_MS,
  lastActivityAtMs: START_MS,
  durationSeconds: 0,
  stoppedAtMs: null,
  stopReason: null,
};

// What a record leaves out here is null on disk.
const remote = (sessionId: string, fields: Partial<RemoteRecord> = {}) =>
  ({
    ...common,
    sessionId,
    type: 'remote_access',
    status: 'active',
    safetyMode: 'supervised',
    approvalId: null,
    expiresAtMs: null,
    commandsExecuted: 0,
    ...fields,
  }) as RemoteRecord;

const screen = (sessionId: string, fields: Partial<ScreenRecord> = {}) =>
  ({
    ...common,
    sessionId,
    type: 'screen_share',
    status: 'active',
    quality: 'medium',
    source: PRIMARY_SCREEN,
    framesCaptured: 0,
    ...fields,
  }) as ScreenRecord;

const endedAt = (stoppedAtMs: number) => ({ status: 'stopped', stoppedAtMs, stopReason: 'done' }) as const;

const draft = (fields: Partial<EventDraft['data']> = {}): EventDraft => ({
  event: 'remote_session_started',
  data: { message: 'm', badge: '🔓', timestamp: new Date(START_MS).toISOString(), ...fields },
});

const page = (query: Partial<Parameters<typeof journal.listEnded>[0]> = {}) => {
  const { records, total } = journal.listEnded({ limit: 100, offset: 0, ...query });
  return { ids: records.map(({ sessionId }) => sessionId), total };
};

describe('a record', () => {
  it.each([
    remote('remote_00000001', {
      metadata: { nested: { list: [1, 'two', null, true] }, 日本: '😀' },
      safetyMode: 'autonomous',
      status: 'pending_approval',
      approvalId: 'approval_1',
      expiresAtMs: START_MS + 60_000,
      commandsExecuted: 7,
      durationSeconds: 1.25,
    }),
    remote('remote_00000002', endedAt(START_MS + 1)),
    screen('screen_00000003', { quality: 'high', framesCaptured: 123_456, origin: '192.0.2.7' }),
  ])('comes back as it went in: $sessionId', (record) => {
    journal.record(record, draft());
    expect(journal.find(record.sessionId)).toMatchObject(record);
    expect(journal.has(record.sessionId)).toBe(true);
  });

  it('is not found under a name that only begins as its own', () => {
    journal.record(remote('remote_00000001'), draft());
    for (const name of ['remote_00000001\u0000x', 'remote_0000000', '', '\ud800', "' OR 1=1 --"]) {
      expect(journal.find(name)).toBeUndefined();
      expect(journal.has(name)).toBe(false);
    }
  });

  it('goes to disk together with its event, or neither does', () => {
    journal.record(remote('remote_00000001'), draft());
    const broken = { ...remote('remote_00000002'), type: 'surprise' } as unknown as RemoteRecord;
    expect(() => journal.record(broken, draft())).toThrow();
    expect(journal.has('remote_00000002')).toBe(false);
    expect(journal.listEvents(0, 10)).toHaveLength(1);
    expect(journal.lastSeq()).toBe(1);
    expect(database.inTransaction).toBe(false);

    database.exec("CREATE TRIGGER no_events BEFORE INSERT ON events BEGIN SELECT raise(ABORT, 'no'); END");
    expect(() => journal.record(remote('remote_00000003'), draft())).toThrow(/no/);
    expect(journal.has('remote_00000003')).toBe(false);
    expect(() => journal.recordLock(true, draft())).toThrow(/no/);
    expect(journal.isLocked()).toBe(false);
  });

  it('is there for whoever opens the database next, without any closing', () => {
    journal.record(remote('remote_00000001'), draft());
    journal.recordLock(true, draft());
    const earlier = database;
    open();
    expect(journal.find('remote_00000001')).toMatchObject({ status: 'active' });
    expect(journal.isLocked()).toBe(true);
    expect(journal.lastSeq()).toBe(2);
    earlier.close();
  });
});

describe('progress', () => {
  it('of many sessions is saved without an event and without an end', () => {
    const sessions = [remote('remote_00000001'), screen('screen_00000002')];
    for (const session of sessions) journal.record(session, draft());
    journal.saveProgress([
      { ...remote('remote_00000001'), durationSeconds: 10, commandsExecuted: 3 },
      { ...screen('screen_00000002'), durationSeconds: 10, framesCaptured: 300 },
    ]);
    expect(journal.find('remote_00000001')).toMatchObject({ durationSeconds: 10, commandsExecuted: 3 });
    expect(journal.find('screen_00000002')).toMatchObject({ framesCaptured: 300, stoppedAtMs: null });
    expect(journal.lastSeq()).toBe(2);
    expect(page().total).toBe(0);
  });
});

describe('unfinished sessions', () => {
  it('are listed oldest start first, pending ones too, ended ones not', () => {
    journal.record(remote('remote_0000000b', { startedAtMs: START_MS + 2 }), draft());
    journal.record(
      remote('remote_0000000c', { startedAtMs: START_MS + 1, status: 'pending_approval' }),
      draft(),
    );
    journal.record(screen('screen_0000000a', { startedAtMs: START_MS + 3 }), draft());
    journal.record(remote('remote_0000000d', endedAt(START_MS)), draft());
    expect(journal.listUnfinished().map(({ sessionId }) => sessionId)).toEqual([
      'remote_0000000c',
      'remote_0000000b',
      'screen_0000000a',
    ]);
  });
});

describe('history', () => {
  it('lists the newest end first; those of one moment in the order in which they ended', () => {
    for (const [sessionId, stoppedAtMs] of [
      ['remote_000000f1', 10],
      ['remote_000000a2', 30],
      ['remote_000000b3', 20],
      ['remote_00000003', 30],
      ['remote_000000c4', 30],
    ] as const) {
      journal.record(remote(sessionId), draft());
      journal.record(remote(sessionId, endedAt(START_MS + stoppedAtMs)), draft());
    }
    journal.record(remote('remote_0000aaaa'), draft());
    expect(page()).toEqual({
      ids: ['remote_000000c4', 'remote_00000003', 'remote_000000a2', 'remote_000000b3', 'remote_000000f1'],
      total: 5,
    });
  });

  it('is paged without a hole or a double, and counts all whatever the page', () => {
    for (let index = 0; index < 25; index += 1) {
      journal.record(
        remote(`remote_${String(index).padStart(8, '0')}`, endedAt(START_MS + (index % 4))),
        draft(),
      );
    }
    const all = page().ids;
    expect(new Set(all).size).toBe(25);
    const pages = [0, 10, 20, 30].map((offset) => page({ limit: 10, offset }));
    expect(pages.flatMap(({ ids }) => ids)).toEqual(all);
    expect(pages.map(({ total }) => total)).toEqual([25, 25, 25, 25]);
    expect(page({ offset: 1_000_000_000 })).toEqual({ ids: [], total: 25 });
  });

  it('is filtered by type, user and time, each and together', () => {
    journal.record(remote('remote_00000001', { ...endedAt(START_MS + 1), userId: 'grace' }), draft());
    journal.record(remote('remote_00000002', { ...endedAt(START_MS + 2), userId: 'ada' }), draft());
    journal.record(screen('screen_00000003', { ...endedAt(START_MS + 3), userId: 'grace' }), draft());
    journal.record(screen('screen_00000004', { ...endedAt(START_MS + 4), userId: 'ada' }), draft());
    const expected = (...ids: string[]) => ({ ids, total: ids.length });
    expect(page({ type: 'remote_access' })).toEqual(expected('remote_00000002', 'remote_00000001'));
    expect(page({ userId: 'grace' })).toEqual(expected('screen_00000003', 'remote_00000001'));
    expect(page({ sinceMs: START_MS + 3 })).toEqual(expected('screen_00000004', 'screen_00000003'));
    expect(page({ type: 'screen_share', userId: 'grace' })).toEqual(expected('screen_00000003'));
    expect(page({ type: 'screen_share', userId: 'ada', sinceMs: START_MS + 4 })).toEqual(
      expected('screen_00000004'),
    );
    expect(page({ type: 'remote_access', sinceMs: START_MS + 3 })).toEqual(expected());
    expect(page({ userId: "grace' OR '1'='1" })).toEqual(expected());
    expect(page({ userId: 'Grace' })).toEqual(expected());
  });
});

describe('query plans', () => {
  const plan = (sql: string): string[] =>
    (database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]).map(({ detail }) => detail);
  const names = ['type', 'userId', 'sinceMs'] as const;
  const combinations = Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.filter((_name, index) => bits & (1 << index)),
  );

  it.each(combinations.map((filters) => [filters.join('+') || 'nothing', filters] as const))(
    'find a page and its total in the index alone, filtered by %s',
    (_, filters) => {
      const { page: pageSql, total } = historyStatements(filters);
      expect(plan(total)).toEqual([
        expect.stringMatching(/^SEARCH sessions USING COVERING INDEX sessions_by_end/),
      ]);
      const steps = plan(pageSql);
      expect(steps).toContainEqual(
        expect.stringMatching(/^SEARCH sessions USING COVERING INDEX sessions_by_end/),
      );
      expect(steps).toContainEqual(expect.stringMatching(/^SEARCH sessions USING PRIMARY KEY/));
      expect(steps.join('\n')).not.toMatch(/\bSCAN\b/);
      // The rows of the one page are put in order; the whole history never is.
      const [, inner = ''] = pageSql.split('IN\n');
      expect(plan(inner.slice(inner.indexOf('(') + 1, inner.lastIndexOf(')'))).join()).not.toMatch(
        /TEMP B-TREE/,
      );
    },
  );

  it('find what a crash cut off without reading the history', () => {
    expect(plan(UNFINISHED_STATEMENT)).toEqual([expect.stringMatching(/USING INDEX sessions_unfinished/)]);
  });
});

describe('events', () => {
  it('are numbered from 1 without a hole, across restarts too', () => {
    expect(journal.lastSeq()).toBe(0);
    expect(journal.oldestSeq()).toBe(1);
    const seqs = [journal.recordEvent(draft()), journal.record(remote('remote_00000001'), draft())];
    closeDatabase(database);
    open();
    seqs.push(journal.recordLock(true, draft()), journal.recordEvent(draft()));
    expect(seqs.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect(journal.lastSeq()).toBe(4);
  });

  it('come back whole, in order, from any number on', () => {
    const told = [1, 2, 3, 4, 5].map((n) => journal.recordEvent(draft({ message: `m${n}`, extra: { n } })));
    expect(journal.listEvents(0, 100)).toEqual(told);
    expect(journal.listEvents(2, 2)).toEqual(told.slice(2, 4));
    expect(journal.listEvents(5, 100)).toEqual([]);
  });

  it('are kept as many as promised and not for ever, and their numbers never come again', () => {
    database.transaction(() => {
      for (let count = 0; count < KEPT_EVENTS + 600; count += 1) journal.recordEvent(draft());
    })();
    const kept = journal.lastSeq() - journal.oldestSeq() + 1;
    expect(journal.lastSeq()).toBe(KEPT_EVENTS + 600);
    expect(kept).toBeGreaterThanOrEqual(KEPT_EVENTS);
    expect(kept).toBeLessThan(KEPT_EVENTS + 256);
    expect(journal.listEvents(0, 1)[0]?.seq).toBe(journal.oldestSeq());
    database.exec('DELETE FROM events');
    expect(journal.oldestSeq()).toBe(KEPT_EVENTS + 601);
    expect(journal.recordEvent(draft()).seq).toBe(KEPT_EVENTS + 601);
  });
});

describe('the owner’s lock', () => {
  it('is open in a new database, and holds what was last said', () => {
    expect(journal.isLocked()).toBe(false);
    journal.recordLock(true, draft());
    expect(journal.isLocked()).toBe(true);
    journal.recordLock(false, draft());
    expect(journal.isLocked()).toBe(false);
  });
});

describe('a row that this version cannot read', () => {
  it('is a clear failure, not a wrong session', () => {
    journal.record(remote('remote_00000001'), draft());
    database.exec("UPDATE sessions SET status = 'surprise'");
    expect(() => journal.find('remote_00000001')).toThrow(/status/);
    database.exec("UPDATE sessions SET status = 'active', metadata = '{'");
    expect(() => journal.find('remote_00000001')).toThrow();
  });
});
