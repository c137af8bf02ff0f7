import type Database from 'libsql';
import { z } from 'zod';
import type { CommandRecord } from '../commands/command-record.ts';

/** How much commands may have on record. */
export interface CommandLimits {
  /** The most content of one session's commands, in bytes. */
  readonly sessionContentBytes: number;
  /** The most of all sessions of one token. */
  readonly tokenContentBytes: number;
  /** The most commands of one session. */
  readonly sessionCommands: number;
}

/** What holds unless a test says otherwise. */
export const COMMAND_LIMITS: CommandLimits = {
  sessionContentBytes: 16 * 1024 * 1024,
  tokenContentBytes: 64 * 1024 * 1024,
  sessionCommands: 20_000,
};

/** So many sessions are counted at once; of all others nothing happens just now. */
const MAX_COUNTED = 1000;

interface SessionCount {
  bytes: number;
  commands: number;
}

const placeRow = z.object({
  command_id: z.string(),
  session_id: z.string(),
  request_order: z.number(),
  bytes: z.number(),
});
const ownerRow = z.object({ owner: z.string().nullable() });
const sumRow = z.object({ bytes: z.number(), commands: z.number() });

/**
 * Knows how much content is on record, and keeps it within bounds: beyond them the oldest commands lose theirs, of the
 * same session first, then of the same token. Counts are held in memory, and made anew from the tables where they are not.
 */
export class CommandContents {
  readonly #limits: CommandLimits;
  readonly #reduce: (commandId: string) => void;
  readonly #insert: Database.Statement;
  readonly #markReduced: Database.Statement;
  readonly #ownerOf: Database.Statement;
  readonly #countSession: Database.Statement;
  readonly #countOwner: Database.Statement;
  readonly #oldestOfSession: Database.Statement;
  readonly #oldestOfOwner: Database.Statement;
  readonly #findOldest: Database.Statement;
  readonly #removeCommand: Database.Statement;
  readonly #removeContent: Database.Statement;
  readonly #sessions = new Map<string, SessionCount>();
  readonly #owners = new Map<string, number>();

  /** `reduce` takes away a command's content, within the same transaction. */
  constructor(database: Database.Database, limits: CommandLimits, reduce: (commandId: string) => void) {
    this.#limits = limits;
    this.#reduce = reduce;
    this.#insert = database.prepare(`
      INSERT INTO command_contents (request_order, session_id, owner, kept, bytes, digests)
      SELECT request_order, session_id, :owner, :kept, :bytes, :digests FROM commands WHERE command_id = :commandId
      ON CONFLICT (request_order) DO UPDATE SET
        kept = excluded.kept, bytes = excluded.bytes, digests = excluded.digests`);
    this.#markReduced = database.prepare(
      "UPDATE command_contents SET kept = 'digest', bytes = 0 WHERE request_order = ?",
    );
    this.#ownerOf = database.prepare('SELECT owner FROM sessions WHERE session_id = ?');
    this.#countSession = database.prepare(`
      SELECT (SELECT coalesce(sum(bytes), 0) FROM command_contents WHERE session_id = :sessionId AND bytes > 0) AS bytes,
        (SELECT count(*) FROM commands WHERE session_id = :sessionId) AS commands`);
    this.#countOwner = database.prepare(
      'SELECT coalesce(sum(bytes), 0) AS bytes, 0 AS commands FROM command_contents WHERE owner = ? AND bytes > 0',
    );
    const oldest = (whose: string): string =>
      `SELECT command_id, commands.session_id, request_order, bytes FROM command_contents JOIN commands USING (request_order)
       WHERE command_contents.${whose} = ? AND bytes > 0 ORDER BY request_order LIMIT 1`;
    this.#oldestOfSession = database.prepare(oldest('session_id'));
    this.#oldestOfOwner = database.prepare(oldest('owner'));
    this.#findOldest = database.prepare(`
      SELECT command_id, commands.session_id, request_order, coalesce(bytes, 0) AS bytes
      FROM commands LEFT JOIN command_contents USING (request_order)
      WHERE commands.session_id = ? AND finished_at_ms IS NOT NULL ORDER BY request_order LIMIT 1`);
    this.#removeCommand = database.prepare('DELETE FROM commands WHERE request_order = ?');
    this.#removeContent = database.prepare('DELETE FROM command_contents WHERE request_order = ?');
  }

  /** Notes that a command has ended, with `bytes` of content, in the transaction that writes it. */
  note({ commandId, sessionId, kept, digests }: CommandRecord, bytes: number): void {
    const owner = this.#findOwner(sessionId);
    this.#insert.run({ commandId, owner, kept, bytes, digests: JSON.stringify(digests) });
    const known = this.#sessions.get(sessionId);
    const count = known ?? this.#readSession(sessionId);
    if (known) {
      known.bytes += bytes;
      known.commands += 1;
    }
    if (owner !== null) {
      const ownersBytes = this.#owners.get(owner);
      this.#owners.set(owner, ownersBytes === undefined ? this.#readOwner(owner) : ownersBytes + bytes);
    }
    this.#bound(sessionId, count, owner);
  }

  /** Forgets all counts; they are made anew when they are needed. */
  recount(): void {
    this.#sessions.clear();
    this.#owners.clear();
  }

  #bound(sessionId: string, count: SessionCount, owner: string | null): void {
    while (count.bytes > this.#limits.sessionContentBytes)
      if (!this.#reduceOldest(this.#oldestOfSession, sessionId)) break;
    while (owner !== null && (this.#owners.get(owner) ?? 0) > this.#limits.tokenContentBytes)
      if (!this.#reduceOldest(this.#oldestOfOwner, owner)) break;
    while (count.commands > this.#limits.sessionCommands) if (!this.#removeOldest(sessionId, count)) break;
  }

  #reduceOldest(statement: Database.Statement, whose: string): boolean {
    const found: unknown = statement.get(whose);
    if (found === undefined) return false;
    const { command_id: commandId, ...place } = placeRow.parse(found);
    this.#reduce(commandId);
    this.#markReduced.run(place.request_order);
    this.#take(place);
    return true;
  }

  #removeOldest(sessionId: string, count: SessionCount): boolean {
    const found: unknown = this.#findOldest.get(sessionId);
    if (found === undefined) return false;
    const place = placeRow.parse(found);
    this.#removeCommand.run(place.request_order);
    this.#removeContent.run(place.request_order);
    count.commands -= 1;
    this.#take(place);
    return true;
  }

  /** Takes what is gone off the counts. */
  #take({ session_id: sessionId, bytes }: Omit<z.infer<typeof placeRow>, 'command_id'>): void {
    const count = this.#sessions.get(sessionId);
    if (count) count.bytes -= bytes;
    const owner = this.#findOwner(sessionId);
    const ownersBytes = owner === null ? undefined : this.#owners.get(owner);
    if (owner !== null && ownersBytes !== undefined) this.#owners.set(owner, ownersBytes - bytes);
  }

  #findOwner(sessionId: string): string | null {
    const row: unknown = this.#ownerOf.get(sessionId);
    return row === undefined ? null : ownerRow.parse(row).owner;
  }

  #readSession(sessionId: string): SessionCount {
    if (this.#sessions.size >= MAX_COUNTED) this.#sessions.clear();
    const count: SessionCount = sumRow.parse(this.#countSession.get({ sessionId }));
    this.#sessions.set(sessionId, count);
    return count;
  }

  #readOwner(owner: string): number {
    return sumRow.parse(this.#countOwner.get(owner)).bytes;
  }
}
