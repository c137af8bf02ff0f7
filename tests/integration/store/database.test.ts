import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'libsql';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { closeDatabase, openDatabase } from '../../../src-main/store/database.ts';
import { MIGRATIONS, migrate } from '../../../src-main/store/migrations.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'porthole-store-'));
  file = path.join(folder, 'porthole.db');
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

const rightsOf = (name: string): string => (statSync(name).mode & 0o777).toString(8);
const readValue = (database: Database.Database, sql: string): unknown =>
  Object.values(database.prepare(sql).get() as object)[0];

function open(): Database.Database {
  const database = openDatabase(file);
  onTestFinished(() => {
    database.close();
  });
  return database;
}

describe('openDatabase', () => {
  it('makes a database at the newest schema, in WAL, as durable as promised', () => {
    const database = open();
    expect(readValue(database, 'PRAGMA user_version')).toBe(MIGRATIONS.length);
    expect(readValue(database, 'PRAGMA journal_mode')).toBe('wal');
    expect(readValue(database, 'PRAGMA synchronous')).toBe(1);
    expect(readValue(database, 'PRAGMA foreign_keys')).toBe(1);
    expect(readValue(database, 'PRAGMA integrity_check')).toBe('ok');
  });

  it('opens one that is at the newest schema already as it is', () => {
    const first = open();
    first.exec("INSERT INTO events (event, data) VALUES ('rearmed', '{}')");
    closeDatabase(first);
    expect(readValue(open(), 'SELECT count(*) FROM events')).toBe(1);
  });

  it.skipIf(process.platform === 'win32')('is its owner’s alone, all its files', () => {
    const umask = process.umask(0);
    onTestFinished(() => {
      process.umask(umask);
    });
    const database = open();
    database.exec("INSERT INTO events (event, data) VALUES ('rearmed', '{}')");
    for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(rightsOf(name)).toBe('600');
  });

  it.skipIf(process.platform === 'win32')('tightens one that others could read', () => {
    closeDatabase(open());
    chmodSync(file, 0o666);
    open();
    expect(rightsOf(file)).toBe('600');
  });

  it('refuses one that a newer version wrote, and leaves it as it is', () => {
    const newer = new Database(file);
    newer.exec(`PRAGMA user_version = ${MIGRATIONS.length + 1}; CREATE TABLE of_the_future (a)`);
    newer.close();
    expect(() => openDatabase(file)).toThrow(
      `The database ${file} cannot be used: it was written by a newer version of Porthole (schema ${MIGRATIONS.length + 1}, this one knows ${MIGRATIONS.length})`,
    );
    const again = new Database(file);
    expect(readValue(again, 'PRAGMA user_version')).toBe(MIGRATIONS.length + 1);
    again.close();
  });

  it.each([
    ['text', 'this is no database, whatever its name says. '.repeat(100)],
    ['a cut-off header', 'SQLite format 3\u0000'],
    ['a header and garbage', `SQLite format 3\u0000${'\u0007'.repeat(8192)}`],
  ])('refuses a file that holds %s, naming it', (_, content) => {
    writeFileSync(file, content);
    expect(() => openDatabase(file)).toThrow(`The database ${file} cannot be used: `);
  });

  it('refuses a folder in its place, and a place that is not there', () => {
    mkdirSync(file);
    expect(() => openDatabase(file)).toThrow(file);
    const nowhere = path.join(folder, 'nowhere', 'porthole.db');
    expect(() => openDatabase(nowhere)).toThrow(nowhere);
    expect(existsSync(path.dirname(nowhere))).toBe(false);
  });

  it('follows a link, as people who keep their data elsewhere expect', () => {
    const elsewhere = path.join(folder, 'elsewhere.db');
    symlinkSync(elsewhere, file);
    closeDatabase(open());
    expect(readValue(new Database(elsewhere), 'PRAGMA user_version')).toBe(MIGRATIONS.length);
  });
});

describe('closeDatabase', () => {
  it('leaves everything in the one file', () => {
    const database = open();
    database.exec("INSERT INTO events (event, data) VALUES ('rearmed', '{}')");
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(0);
    closeDatabase(database);
    expect(existsSync(`${file}-wal`) ? statSync(`${file}-wal`).size : 0).toBe(0);
  });
});

describe('migrate', () => {
  const empty = (): Database.Database => {
    const database = new Database(file);
    onTestFinished(() => {
      database.close();
    });
    return database;
  };

  it('goes on from every version that there has been', () => {
    for (let version = 0; version <= MIGRATIONS.length; version += 1) {
      rmSync(file, { force: true });
      const database = empty();
      for (const statements of MIGRATIONS.slice(0, version)) database.exec(statements);
      database.exec(`PRAGMA user_version = ${version}`);
      migrate(database);
      expect(readValue(database, 'PRAGMA user_version')).toBe(MIGRATIONS.length);
      expect(readValue(database, 'SELECT count(*) FROM sessions')).toBe(0);
      database.close();
    }
  });

  it('leaves a step that fails undone, with its version', () => {
    const database = empty();
    // What the first step makes is there already: it fails halfway.
    database.exec('CREATE TABLE owner_lock (a)');
    expect(() => migrate(database)).toThrow(/owner_lock/);
    expect(readValue(database, 'PRAGMA user_version')).toBe(0);
    expect(readValue(database, "SELECT count(*) FROM sqlite_master WHERE name = 'sessions'")).toBe(0);
    expect(database.inTransaction).toBe(false);
  });
});
