import type Database from 'libsql';
import { z } from 'zod';
import type { HistoryStore } from '../upkeep/history-upkeep.ts';

/** A step takes so many commands, or events: no more than a few milliseconds' work. */
const COMMANDS_AT_A_TIME = 16;
const EVENTS_AT_A_TIME = 200;
/** A token with more than this part of all ended sessions makes room before all others do. */
const GREEDY_PART = 1 / 4;
/** Whose part is the greatest is looked up again after so many steps. */
const STEPS_BETWEEN_COUNTS = 200;

const sessionRow = z.object({ session_id: z.string() });
const pagesRow = z.object({ bytes: z.number() });
const shareRow = z.object({ owner: z.string(), own: z.number(), total: z.number() });

// None whose commands still end: what is written of them later would belong to nothing. One that a recording belongs to,
// which goes by rules of its own, stays, without what callers put into it.
const IS_RECORDED = 'session_id IN (SELECT session_id FROM recordings)';
const REMOVABLE = `stopped_at_ms IS NOT NULL
  AND (metadata <> '{}' OR NOT ${IS_RECORDED})
  AND session_id NOT IN (SELECT session_id FROM commands WHERE finished_at_ms IS NULL)`;
const OLDEST_FIRST = 'ORDER BY stopped_at_ms, end_order LIMIT 1';

/** The history in SQLite as its upkeep sees it: ended sessions with their commands, and events. */
export class SqliteHistory implements HistoryStore {
  readonly #used: Database.Statement;
  readonly #oldest: Database.Statement;
  readonly #oldestOf: Database.Statement;
  readonly #greatestShare: Database.Statement;
  readonly #removeEvents: Database.Statement;
  readonly #removePiece: (sessionId: string) => void;
  readonly #onRemoved: () => void;
  #greedy: { readonly owner: string | null; steps: number } | null = null;

  /** The database must be open and at the newest schema; `onRemoved` is told that rows are gone. */
  constructor(database: Database.Database, onRemoved: () => void) {
    this.#onRemoved = onRemoved;
    this.#used = database.prepare(
      `SELECT (page_count - freelist_count) * page_size AS bytes
       FROM pragma_page_count, pragma_freelist_count, pragma_page_size`,
    );
    this.#oldest = database.prepare(
      `SELECT session_id FROM sessions WHERE ${REMOVABLE} AND stopped_at_ms < ? ${OLDEST_FIRST}`,
    );
    this.#oldestOf = database.prepare(
      `SELECT session_id FROM sessions WHERE ${REMOVABLE} AND owner = ? ${OLDEST_FIRST}`,
    );
    this.#greatestShare = database.prepare(
      `SELECT owner, count(*) AS own, (SELECT count(*) FROM sessions WHERE stopped_at_ms IS NOT NULL) AS total
       FROM sessions WHERE stopped_at_ms IS NOT NULL AND owner IS NOT NULL GROUP BY owner ORDER BY own DESC LIMIT 1`,
    );
    // Times are written in one form, which sorts as they do.
    this.#removeEvents = database.prepare(
      `DELETE FROM events WHERE seq IN (SELECT seq FROM events ORDER BY seq LIMIT ${EVENTS_AT_A_TIME})
       AND json_extract(data, '$.timestamp') < ?`,
    );
    const piece = `SELECT request_order FROM commands WHERE session_id = ? ORDER BY request_order LIMIT ${COMMANDS_AT_A_TIME}`;
    const removeContents = database.prepare(`DELETE FROM command_contents WHERE request_order IN (${piece})`);
    const removeCommands = database.prepare(`DELETE FROM commands WHERE request_order IN (${piece})`);
    const empty = database.prepare(
      `UPDATE sessions SET metadata = '{}' WHERE session_id = ? AND ${IS_RECORDED}`,
    );
    const remove = database.prepare(`DELETE FROM sessions WHERE session_id = ? AND NOT ${IS_RECORDED}`);
    this.#removePiece = database.transaction((sessionId: string) => {
      removeContents.run(sessionId);
      const { changes } = removeCommands.run(sessionId);
      if (Number(changes) === COMMANDS_AT_A_TIME) return;
      empty.run(sessionId);
      remove.run(sessionId);
    });
  }

  usedBytes(): number {
    return pagesRow.parse(this.#used.get()).bytes;
  }

  removeSession(beforeMs: number): boolean {
    return this.#remove(this.#oldest.get(beforeMs));
  }

  removeGreediest(): boolean {
    if (!this.#greedy || this.#greedy.steps >= STEPS_BETWEEN_COUNTS)
      this.#greedy = { owner: this.#findGreedy(), steps: 0 };
    this.#greedy.steps += 1;
    const { owner } = this.#greedy;
    if (owner !== null && this.#remove(this.#oldestOf.get(owner))) return true;
    return this.removeSession(Number.MAX_SAFE_INTEGER);
  }

  removeEvents(beforeMs: number): boolean {
    return Number(this.#removeEvents.run(new Date(beforeMs).toISOString()).changes) > 0;
  }

  finish(): void {
    this.#greedy = null;
    this.#onRemoved();
  }

  #remove(found: unknown): boolean {
    if (found === undefined) return false;
    this.#removePiece(sessionRow.parse(found).session_id);
    return true;
  }

  #findGreedy(): string | null {
    const row: unknown = this.#greatestShare.get();
    if (row === undefined) return null;
    const { owner, own, total } = shareRow.parse(row);
    return own > total * GREEDY_PART ? owner : null;
  }
}
