import { chmodSync, closeSync, openSync } from 'node:fs';
import Database from 'libsql';
import { migrate } from './migrations.ts';

// A checkpoint waits for the disk, and the whole agent waits with it. SQLite's own 1000 pages bring one with every
// hundredth start and stop; these 16 MB bring it four times as rarely.
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
        PRAGMA busy_timeout = 2000; PRAGMA foreign_keys = ON`,
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
