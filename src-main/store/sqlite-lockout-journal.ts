import type Database from 'libsql';
import { z } from 'zod';
import type { LockoutJournal, LockoutRecord } from '../access/lockout.ts';

const lockoutRow = z
  .object({ source: z.string(), failures: z.number(), waiting: z.number() })
  .transform(
    ({ source, failures, waiting }): LockoutRecord => ({ source, failures, waiting: waiting === 1 }),
  );

/** Wrong attempts in SQLite. */
export class SqliteLockoutJournal implements LockoutJournal {
  readonly #list: Database.Statement;
  readonly #save: Database.Statement;
  readonly #remove: Database.Statement;

  /** The database must be open and at the newest schema; whoever opened it closes it. */
  constructor(database: Database.Database) {
    this.#list = database.prepare('SELECT * FROM lockouts');
    this.#save = database.prepare(`
      INSERT INTO lockouts (source, failures, waiting) VALUES (?, ?, ?)
      ON CONFLICT (source) DO UPDATE SET failures = excluded.failures, waiting = excluded.waiting`);
    this.#remove = database.prepare('DELETE FROM lockouts WHERE source = ?');
  }

  list(): LockoutRecord[] {
    return lockoutRow.array().parse(this.#list.all());
  }

  save({ source, failures, waiting }: LockoutRecord): void {
    this.#save.run(source, failures, waiting ? 1 : 0);
  }

  remove(source: string): void {
    this.#remove.run(source);
  }
}
