import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import Database from 'libsql';
import { WebSocket } from 'ws';
import { API } from '../../src-shared/api.ts';
import {
  type AgentEvent,
  type ServerMessage,
  type Snapshot,
  serverMessageSchema,
} from '../../src-shared/events.ts';
import type { ArchivedSession } from '../../src-shared/sessions.ts';
import type { AnsweredEnd, CrashLedger, LedgerEntry } from './crash-ledger.ts';
import { EventTrail } from './event-trail.ts';

/** What a look at a restarted agent found, beside that all is well. */
export interface RestartFindings {
  readonly droppedByRestart: number;
  /** Starts that were not answered and happened all the same. */
  readonly unansweredThatHappened: number;
  readonly historyTotal: number;
}

const HISTORY_PAGE = 1000;
const LISTEN_TIMEOUT_MS = 10_000;

/**
 * Opens a copy of what a killed agent left of its database, and throws unless SQLite finds it whole. A copy, so that
 * the agent finds everything, its write-ahead log included, as it left it.
 */
export function verifyDatabase(databaseFile: string): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-crashed-'));
  try {
    const copy = path.join(folder, 'porthole.db');
    for (const suffix of ['', '-wal']) {
      if (existsSync(databaseFile + suffix)) copyFileSync(databaseFile + suffix, copy + suffix);
    }
    const database = new Database(copy);
    const [first, ...others] = database.prepare('PRAGMA integrity_check').all() as {
      integrity_check: string;
    }[];
    database.close();
    if (first?.integrity_check !== 'ok' || others.length > 0) {
      throw new Error(`the database is broken: ${JSON.stringify([first, ...others])}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Remembers an agent over all its lives, and holds each new one against what the last ones answered. */
export class CrashWitness {
  readonly #trail = new EventTrail();
  readonly #known = new Set<string>();

  /** How many events there have been in all. */
  get events(): number {
    return this.#trail.lastSeq;
  }

  /** How many sessions there have been in all. */
  get sessions(): number {
    return this.#known.size;
  }

  /**
   * Looks at the restarted agent at `url`; throws what does not fit what clients were answered (`ledger`) and were
   * pushed (`pushed`) before it was killed, or any earlier life.
   */
  async verify(url: string, ledger: CrashLedger, pushed: readonly AgentEvent[]): Promise<RestartFindings> {
    const { events, snapshot } = await readEventsSince(url, this.#trail.lastSeq);
    this.#trail.follow(events);
    assertWerePushed(pushed, events);
    if (snapshot.seq !== this.#trail.lastSeq) throw new Error(`the snapshot is of event ${snapshot.seq}`);
    if (snapshot.data.total > 0) throw new Error(`${snapshot.data.total} sessions live in a new agent`);
    if (ledger.locked !== null && snapshot.data.locked !== ledger.locked) {
      throw new Error(`the owner's lock was ${ledger.locked}, and is ${snapshot.data.locked}`);
    }
    return this.#compareHistory(await readWholeHistory(url), ledger);
  }

  #compareHistory(history: readonly ArchivedSession[], ledger: CrashLedger): RestartFindings {
    const byId = new Map(history.map((session) => [session.session_id, session]));
    if (byId.size !== history.length) throw new Error('a session is in the history more than once');
    for (const [sessionId, { status }] of byId) {
      const told = this.#trail.statusOf(sessionId);
      if (told !== status) throw new Error(`${sessionId} is ${status}; its events say ${told}`);
    }
    for (const sessionId of [...this.#known, ...ledger.entries.keys()]) {
      if (!byId.has(sessionId)) throw new Error(`${sessionId} was answered and is gone`);
    }
    for (const entry of ledger.entries.values())
      assertEndIsPossible(ledger, entry, byId.get(entry.sessionId));

    const added = history.filter(({ session_id: id }) => !this.#known.has(id));
    const strangers = added.filter(({ session_id: id }) => !ledger.entries.has(id)).length;
    if (strangers > ledger.unansweredStarts) {
      throw new Error(
        `${strangers} sessions that nobody knows, ${ledger.unansweredStarts} starts unanswered`,
      );
    }
    for (const { session_id: sessionId } of added) this.#known.add(sessionId);
    return {
      droppedByRestart: added.filter(({ stop_reason: reason }) => reason === 'Agent restarted').length,
      unansweredThatHappened: strangers,
      historyTotal: history.length,
    };
  }
}

/** What was pushed to a client is what is kept, whole from the first to the last that it got. */
function assertWerePushed(pushed: readonly AgentEvent[], kept: readonly AgentEvent[]): void {
  const first = kept.findIndex(({ seq }) => seq === pushed[0]?.seq);
  const same = isDeepStrictEqual(kept.slice(first, first + pushed.length), pushed);
  if (pushed.length > 0 && !same) throw new Error('other events are kept than were pushed');
}

function assertEndIsPossible(
  ledger: CrashLedger,
  entry: LedgerEntry,
  archived: ArchivedSession | undefined,
): void {
  const ends = ledger.possibleEnds(entry);
  const isPossible = ends.some(
    ({ status, reason }) => archived?.status === status && reason.test(archived.stop_reason),
  );
  if (!archived || !isPossible) {
    const allowed = ends.map(({ status, reason }) => `${status} (${reason.source})`).join(' or ');
    throw new Error(`${JSON.stringify(archived)} should be ${allowed}`);
  }
  if (entry.end) assertSameFigures(entry.end, archived);
}

function assertSameFigures({ figures }: AnsweredEnd, archived: ArchivedSession): void {
  if (!figures) return;
  const count = archived.type === 'remote_access' ? archived.commands_executed : archived.frames_captured;
  if (archived.duration_seconds !== figures.durationSeconds || count !== figures.count) {
    throw new Error(`${JSON.stringify(figures)} was answered, ${JSON.stringify(archived)} is kept`);
  }
}

async function readWholeHistory(url: string): Promise<ArchivedSession[]> {
  const all: ArchivedSession[] = [];
  for (;;) {
    const response = await fetch(`${url}/api/sessions/history?limit=${HISTORY_PAGE}&offset=${all.length}`);
    const page = API.history.answer.parse(await response.json());
    all.push(...page.history);
    if (page.history.length < HISTORY_PAGE) {
      if (all.length !== page.total) throw new Error(`the history says ${page.total} and has ${all.length}`);
      return all;
    }
  }
}

/** What a client that comes back gets: every event after `sinceSeq` without a hole, then the snapshot. */
function readEventsSince(
  url: string,
  sinceSeq: number,
): Promise<{ events: AgentEvent[]; snapshot: Snapshot }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/events?since=${sinceSeq}`);
  const events: AgentEvent[] = [];
  return new Promise<{ events: AgentEvent[]; snapshot: Snapshot }>((resolve, reject) => {
    const deadline = setTimeout(() => reject(new Error('no snapshot came')), LISTEN_TIMEOUT_MS);
    socket.once('close', () => clearTimeout(deadline));
    socket.once('error', reject);
    socket.on('message', (data) => {
      const parsed: unknown = JSON.parse(String(data));
      serverMessageSchema.parse(parsed);
      const message = parsed as ServerMessage;
      if (message.event === 'snapshot') resolve({ events, snapshot: message });
      else if (message.event === 'gap') reject(new Error(`there is a gap: ${JSON.stringify(message.data)}`));
      else if (message.seq !== sinceSeq + events.length + 1)
        reject(new Error(`event ${message.seq} is out of place`));
      else events.push(message as AgentEvent);
    });
  }).finally(() => socket.terminate());
}
