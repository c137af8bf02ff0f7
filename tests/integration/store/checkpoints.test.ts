import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type CheckpointOutcome, CheckpointThread } from '../../../src-main/store/checkpoint-thread.ts';
import { Checkpoints } from '../../../src-main/store/checkpoints.ts';
import { closeDatabase, KEPT_LOG_BYTES, openDatabase, PAGE_BYTES } from '../../../src-main/store/database.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { bundleAgent } from '../commands/support/agent-process.ts';
import { call, startTestAgent } from '../support/test-agent.ts';

const LOOK_MS = 100;
const MEBIBYTE = 1024 * 1024;

let folder: string;
let file: string;
let clock: ManualClock;
let database: Database.Database;
let errors: unknown[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-checkpoints-'));
  file = path.join(folder, 'porthole.db');
  clock = new ManualClock();
  errors = [];
  database = openDatabase(file);
  // Whatever is carried over here is carried over by somebody else.
  database.exec('PRAGMA wal_autocheckpoint = 0');
  onTestFinished(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

const sizeOf = (name: string): number => statSync(name).size;
const logBytes = (): number => sizeOf(`${file}-wal`);

function write(bytes: number): void {
  database
    .prepare("INSERT INTO events (event, data) VALUES ('rearmed', ?)")
    .run(JSON.stringify('x'.repeat(bytes)));
}

/** How many events are in the main file by itself. */
function countWithoutLog(): number {
  // Immutable: the log beside it does not count, and no lock is taken.
  const alone = new Database(`file:${file}?immutable=1`);
  const { count } = alone.prepare('SELECT count(*) AS count FROM events').get() as { count: number };
  alone.close();
  return count;
}

describe('checkpoints in a thread', () => {
  let workerFile = '';
  beforeAll(async () => {
    workerFile = await bundleAgent('src-main/store/checkpoint-worker.ts');
  }, 60_000);
  afterAll(() => rmSync(path.dirname(workerFile), { recursive: true, force: true }));

  function openThread(): CheckpointThread {
    const thread = new CheckpointThread(clock, workerFile, file);
    onTestFinished(() => thread.close());
    return thread;
  }

  it('carry a long log over, so that the next write begins it anew, cut back', async () => {
    const thread = openThread();
    write(KEPT_LOG_BYTES + MEBIBYTE);
    expect(logBytes()).toBeGreaterThan(KEPT_LOG_BYTES + MEBIBYTE);
    const { writtenPages, carriedPages } = await thread.carry();
    expect(carriedPages).toBe(writtenPages);
    expect(logBytes()).toBe(32 + writtenPages * PAGE_BYTES);
    expect(countWithoutLog()).toBe(1);
    write(1);
    expect(logBytes()).toBe(KEPT_LOG_BYTES);
  });

  it('leave a writer that has a transaction open in peace, and what it has not committed where it is', async () => {
    const thread = openThread();
    write(MEBIBYTE);
    database.exec('BEGIN IMMEDIATE');
    write(1);
    await thread.carry();
    expect(countWithoutLog()).toBe(1);
    database.exec('COMMIT');
    expect(database.prepare('SELECT count(*) AS count FROM events').get()).toMatchObject({ count: 2 });
  });

  it('are what an agent has, whose main file grows while its own turn has not come', async () => {
    const agent = await startTestAgent({ checkpointWorkerFile: workerFile });
    const main = path.join(agent.folder, 'porthole.db');
    const before = sizeOf(main);
    const metadata = { notes: 'x'.repeat(15_000) };
    while (sizeOf(`${main}-wal`) < KEPT_LOG_BYTES + MEBIBYTE) {
      const { body } = await call(agent, 'POST', '/api/remote/start', { metadata });
      await call(agent, 'POST', `/api/remote/stop/${body.session_id}`);
    }
    await vi.waitFor(() => expect(sizeOf(main)).toBeGreaterThan(before + MEBIBYTE), 20_000);
    await agent.close('Test finished');
    expect(existsSync(`${main}-wal`) ? sizeOf(`${main}-wal`) : 0).toBe(0);
  });

  it('hold nothing open once they are closed: the database is one file then', async () => {
    const thread = openThread();
    write(MEBIBYTE);
    await thread.carry();
    await thread.close();
    closeDatabase(database);
    expect(existsSync(`${file}-wal`) ? logBytes() : 0).toBe(0);
    expect(countWithoutLog()).toBe(1);
  });
});

describe('checkpoints', () => {
  /** Carries nothing until told how that went. */
  function openWithFakeThread() {
    const waiting: { resolve: (outcome: CheckpointOutcome) => void; reject: (error: Error) => void }[] = [];
    let isClosed = false;
    const checkpoints = new Checkpoints({
      clock,
      databaseFile: file,
      thread: {
        carry: () => new Promise((resolve, reject) => waiting.push({ resolve, reject })),
        close: async () => {
          isClosed = true;
        },
      },
      onError: (error) => errors.push(error),
    });
    return { checkpoints, waiting, isThreadClosed: () => isClosed };
  }

  /** Lets it look, as long as it takes to have looked. */
  async function look(checkpoints: Checkpoints): Promise<void> {
    await vi.waitFor(() => {
      checkpoints.noteWrite();
      expect(clock.pendingTimers).toBe(1);
    });
    clock.advance(LOOK_MS);
    await new Promise(setImmediate);
  }

  it('look once for many writes, and leave a short log alone', async () => {
    const { checkpoints, waiting } = openWithFakeThread();
    for (let count = 0; count < 100; count += 1) checkpoints.noteWrite();
    expect(clock.pendingTimers).toBe(1);
    await look(checkpoints);
    await look(checkpoints);
    expect(waiting).toEqual([]);
  });

  it('carry one at a time, and again only after the log has grown', async () => {
    const { checkpoints, waiting } = openWithFakeThread();
    write(KEPT_LOG_BYTES);
    checkpoints.noteWrite();
    clock.advance(LOOK_MS);
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    checkpoints.noteWrite();
    expect(clock.pendingTimers).toBe(0);
    const pages = Math.floor(logBytes() / PAGE_BYTES);
    waiting[0]?.resolve({ writtenPages: pages, carriedPages: pages });
    await look(checkpoints);
    await look(checkpoints);
    expect(waiting).toHaveLength(1);
    write(MEBIBYTE);
    await look(checkpoints);
    await vi.waitFor(() => expect(waiting).toHaveLength(2));
  });

  it('try again after a failure, and tell of it', async () => {
    const { checkpoints, waiting } = openWithFakeThread();
    write(KEPT_LOG_BYTES);
    await look(checkpoints);
    await vi.waitFor(() => expect(waiting).toHaveLength(1));
    waiting[0]?.reject(new Error('the disk is gone'));
    await look(checkpoints);
    await vi.waitFor(() => expect(waiting).toHaveLength(2));
    expect(errors).toEqual([new Error('the disk is gone')]);
  });

  it('do nothing any more once closed', async () => {
    const { checkpoints, isThreadClosed } = openWithFakeThread();
    checkpoints.noteWrite();
    await checkpoints.close();
    checkpoints.noteWrite();
    expect(clock.pendingTimers).toBe(0);
    expect(isThreadClosed()).toBe(true);
  });
});
