import { chmodSync, closeSync, openSync, statSync } from 'node:fs';
import Database from 'libsql';
import { z } from 'zod';
import { migrate } from './migrations.ts';

/** How much of the write-ahead log one written page takes: the page and what tells of it. */
export const PAGE_BYTES = 4096 + 24;

/** To how much the write-ahead log is cut back when it begins anew. What is kept has its place on a disk that is full. */
export const KEPT_LOG_BYTES = 4 * 1024 * 1024;

// A checkpoint waits for the disk, and the whole agent waits with it, so a thread does most of them before it comes to
// that (checkpoints.ts). This many pages, 16 MB, are where it comes to that.
const CHECKPOINT_PAGES = 4000;

/**
 * Opens (or makes) the agent's database at `file`, readable by its owner only, at the newest schema. Every
 * committed write survives a kill of the process; a power cut may cost the last second (WAL, synchronous NORMAL:
 * https://www.sqlite.org/pragma.html#pragma_synchronous). Throws with a sentence that names the file.
 */
export function openDatabase(file: string): Database.Database {
  try {
    // Made by hand first, so that it never exists with looser rights; SQLite gives -wal and -shm the same.
    closeSync(openSync(file, 'a', 0o600));
    chmodSync(file, 0o600);
    const database = new Database(file);
    try {
      database.exec(
        `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
        PRAGMA journal_size_limit = ${KEPT_LOG_BYTES}; PRAGMA busy_timeout = 2000; PRAGMA foreign_keys = ON`,
      );
      migrate(database);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw new Error(
      `The database ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/**
 * Closes the database with everything in the one file, so that a copy of that file alone is a whole backup. libsql
 * holds its files open for as long as one of the statements lives, whatever `close` was told.
 */
export function closeDatabase(database: Database.Database): void {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A full disk has no room for it: everything stays in the file beside it, where the next start finds it.
  } finally {
    database.close();
  }
}

/** What others have done to the agent's database since that was asked last. */
export interface OtherWriters {
  /**
   * Whether another connection has written to it. May say so of one that only carried the log over
   * (https://www.sqlite.org/pragma.html#pragma_data_version).
   */
  readonly haveWritten: () => boolean;
  /** Whether another file is in its place, which the next start would take for it. */
  readonly haveReplaced: () => boolean;
}

const versionRow = z.object({ data_version: z.number() });

/** Watches over an open database, whose file is `file`. */
export function watchOtherWriters(database: Database.Database, file: string): OtherWriters {
  const version = database.prepare('SELECT data_version FROM pragma_data_version');
  const readVersion = (): string => String(versionRow.parse(version.get()).data_version);
  const readFileId = (): string => {
    const stats = statSync(file, { bigint: true, throwIfNoEntry: false });
    return `${stats?.dev} ${stats?.ino}`;
  };
  return { haveWritten: tellChanges(readVersion), haveReplaced: tellChanges(readFileId) };
}

function tellChanges(read: () => string): () => boolean {
  let last = read();
  return () => {
    const before = last;
    last = read();
    return last !== before;
  };
}
