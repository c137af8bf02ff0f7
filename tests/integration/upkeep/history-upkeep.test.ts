import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { RemoteRecord } from '../../../src-main/sessions/session-record.ts';
import { closeDatabase, openDatabase } from '../../../src-main/store/database.ts';
import { SqliteHistory } from '../../../src-main/store/sqlite-history.ts';
import { SqliteSessionJournal } from '../../../src-main/store/sqlite-session-journal.ts';
import { HistoryUpkeep } from '../../../src-main/upkeep/history-upkeep.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';
import { openSettings } from '../support/open-settings.ts';

const DAY_MS = 24 * 60 * 60_000;
const MEGABYTE = 1_000_000;

let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock();
});

function open(settings: { historyDays?: number; historyMegabytes?: number }) {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-upkeep-'));
  const database = openDatabase(path.join(folder, 'porthole.db'));
  const journal = new SqliteSessionJournal(database);
  const store = new SqliteHistory(database, () => undefined);
  const upkeep = new HistoryUpkeep({
    clock,
    log: new SilentLogger(),
    settings: openSettings(folder, { settings }),
    bus: { subscribe: () => () => undefined },
    store,
    onWrite: () => undefined,
  });
  onTestFinished(async () => {
    await upkeep.close();
    expect(clock.pendingTimers).toBe(0);
    closeDatabase(database);
    rmSync(folder, { recursive: true, force: true });
  });
  let count = 0;
  /** Writes a session that ended at `stoppedAtMs`, or that is live. */
  const add = (stoppedAtMs: number | null, more: Partial<RemoteRecord> = {}): string => {
    count += 1;
    const sessionId = `remote_${count.toString(16).padStart(8, '0')}`;
    const atMs = stoppedAtMs ?? clock.wallMs();
    const record: RemoteRecord = {
      sessionId,
      type: 'remote_access',
      status: stoppedAtMs === null ? 'active' : 'stopped',
      userId: 'grace',
      metadata: {},
      origin: 'this machine',
      owner: null,
      safetyMode: 'supervised',
      approvalId: null,
      expiresAtMs: null,
      startedAtMs: atMs,
      lastActivityAtMs: atMs,
      durationSeconds: 0,
      stoppedAtMs,
      stopReason: stoppedAtMs === null ? null : 'done',
      commandsExecuted: 0,
      ...more,
    };
    journal.record(record, {
      event: 'remote_session_stopped',
      data: { message: 'm', badge: '🔒', timestamp: new Date(atMs).toISOString() },
    });
    return sessionId;
  };
  return { database, journal, store, upkeep, add };
}

describe('historyUpkeep', () => {
  it('removes what is older than it may be, and leaves what is live and what is younger', async () => {
    const { journal, upkeep, add } = open({ historyDays: 30 });
    const old = add(clock.wallMs() - 31 * DAY_MS);
    const young = add(clock.wallMs() - 29 * DAY_MS);
    const live = add(null, { startedAtMs: clock.wallMs() - 100 * DAY_MS });
    const last = journal.lastSeq();
    await upkeep.prune();
    expect([old, young, live].map((id) => journal.has(id))).toEqual([false, true, true]);
    // Whoever comes back for events is told of a gap by the oldest number, and the next number is one more than the last.
    expect(journal.oldestSeq()).toBe(2);
    expect(journal.lastSeq()).toBe(last);
    add(null);
    expect(journal.lastSeq()).toBe(last + 1);
  });

  it('removes every event that is too old and still counts on', async () => {
    const { journal, upkeep, add } = open({ historyDays: 30 });
    for (let count = 0; count < 1000; count += 1) add(clock.wallMs() - 31 * DAY_MS);
    await upkeep.prune();
    expect(journal.listEvents(0, 10)).toEqual([]);
    expect(journal.oldestSeq()).toBe(1001);
    expect(journal.listEnded({ limit: 1, offset: 0 }).total).toBe(0);
  });

  it('removes the oldest where everything takes too much, in turns, and its commands with it', async () => {
    const { database, journal, store, upkeep, add } = open({ historyMegabytes: 20 });
    const live = add(null);
    const metadata = { notes: 'x'.repeat(16_000) };
    const ended = Array.from({ length: 1500 }, (_, at) => add(clock.wallMs() - DAY_MS + at, { metadata }));
    expect(store.usedBytes()).toBeGreaterThan(24 * MEGABYTE);
    let turnsOfOthers = 0;
    let isOver = false;
    const takeTurn = (): void => {
      if (isOver) return;
      turnsOfOthers += 1;
      setImmediate(takeTurn);
    };
    setImmediate(takeTurn);
    await upkeep.prune();
    isOver = true;
    expect(turnsOfOthers).toBeGreaterThan(2);
    expect(store.usedBytes()).toBeLessThanOrEqual(20 * MEGABYTE);
    const left = ended.filter((id) => journal.has(id));
    expect(left).toEqual(ended.slice(-left.length));
    expect(left.length).toBeGreaterThan(800);
    expect(journal.has(live)).toBe(true);
    expect(database.prepare('SELECT count(*) AS count FROM commands').get()).toMatchObject({ count: 0 });
  });

  it('lets a token that filled the history make room first', async () => {
    const { journal, upkeep, add } = open({ historyMegabytes: 20 });
    const mine = Array.from({ length: 50 }, (_, at) => add(clock.wallMs() - 2 * DAY_MS + at));
    const metadata = { notes: 'x'.repeat(16_000) };
    for (let at = 0; at < 1500; at += 1) add(clock.wallMs() - DAY_MS + at, { metadata, owner: 'token_1' });
    await upkeep.prune();
    expect(mine.filter((id) => journal.has(id))).toHaveLength(50);
  });

  it('leaves a session whose recording is kept, or whose commands still end', async () => {
    const { database, journal, upkeep, add } = open({ historyDays: 1 });
    const metadata = { notes: 'x'.repeat(1000) };
    const recorded = add(clock.wallMs() - 3 * DAY_MS, { metadata });
    const busy = add(clock.wallMs() - 2 * DAY_MS);
    database
      .prepare(
        `INSERT INTO recordings (recording_id, session_id, user_id, quality, state, started_at_ms, duration_ms, size_bytes)
         VALUES ('recording_1', ?, 'grace', 'low', 'finished', 0, 0, 0)`,
      )
      .run(recorded);
    database
      .prepare(
        `INSERT INTO commands (command_id, session_id, user_id, status, hash, origin, requested_at_ms, stdout_encoding,
           stdout_bytes, stdout_truncated, stderr_encoding, stderr_bytes, stderr_truncated, has_shot_before,
           has_shot_after, operation, stdout, stderr)
         VALUES ('command_1', ?, 'grace', 'running', '', '', 0, 'utf8', 0, 0, 'utf8', 0, 0, 0, 0, '{}', x'', x'')`,
      )
      .run(busy);
    await upkeep.prune();
    expect([recorded, busy].map((id) => journal.has(id))).toEqual([true, true]);
    // What a caller could fill the disk with goes all the same.
    expect(journal.find(recorded)?.metadata).toEqual({});
    database.prepare('UPDATE commands SET finished_at_ms = 1').run();
    await upkeep.prune();
    expect([recorded, busy].map((id) => journal.has(id))).toEqual([true, false]);
    expect(database.prepare('SELECT count(*) AS count FROM commands').get()).toMatchObject({ count: 0 });
  });

  it('takes nothing for old because the wall clock was set ahead', async () => {
    const { journal, upkeep, add } = open({ historyDays: 30 });
    const id = add(clock.wallMs());
    clock.jumpWall(400 * DAY_MS);
    await upkeep.prune();
    expect(journal.has(id)).toBe(true);
    clock.advance(40 * DAY_MS);
    // The first may have been under way already.
    await upkeep.prune();
    await upkeep.prune();
    expect(journal.has(id)).toBe(false);
  });
});
