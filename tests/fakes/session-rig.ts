import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ApprovalQueue } from '../../src-main/approvals/approval-queue.ts';
import { Liveness } from '../../src-main/sessions/liveness.ts';
import { SessionRegistry } from '../../src-main/sessions/session-registry.ts';
import { closeDatabase, openDatabase } from '../../src-main/store/database.ts';
import { SqliteSessionJournal } from '../../src-main/store/sqlite-session-journal.ts';
import type { AgentEvent } from '../../src-shared/events.ts';
import { FakeStage } from './fake-stage.ts';
import { ManualClock } from './manual-clock.ts';

/** The sessions of an agent on a database, with all that they work with, driven by a clock that stands still. */
export interface SessionRig {
  readonly clock: ManualClock;
  readonly journal: SqliteSessionJournal;
  readonly approvals: ApprovalQueue;
  readonly registry: SessionRegistry;
  readonly liveness: Liveness;
  readonly stage: FakeStage;
  /** Every event that was published, in order. */
  readonly events: AgentEvent[];
  /** What went wrong where nobody waited for an answer. */
  readonly errors: unknown[];
  /** Whether somebody could be asked for approval. */
  placeToAsk: boolean;
  close(): void;
}

export const RIG_SESSION_TIMEOUT_MS = 5 * 60_000;
export const RIG_APPROVAL_TIMEOUT_MS = 60_000;
export const RIG_TICK_MS = 10_000;

/** Puts the sessions of an agent together. `folder` holds the data of an earlier rig; else it goes with this one. */
export function createSessionRig(
  options: { folder?: string; clock?: ManualClock; maxLiveSessions?: number } = {},
): SessionRig {
  const clock = options.clock ?? new ManualClock();
  const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'porthole-rig-'));
  const database = openDatabase(path.join(folder, 'porthole.db'));
  const journal = new SqliteSessionJournal(database);
  const stage = new FakeStage();
  const events: AgentEvent[] = [];
  const errors: unknown[] = [];
  const rig = { placeToAsk: true };
  const approvals = new ApprovalQueue({
    clock,
    timeoutMs: RIG_APPROVAL_TIMEOUT_MS,
    hasPlaceToAsk: () => rig.placeToAsk,
    onError: (error) => errors.push(error),
  });
  const registry = new SessionRegistry({
    clock,
    journal,
    approvals,
    stage,
    publish: (event) => events.push(event),
    maxLiveSessions: options.maxLiveSessions ?? 256,
  });
  const liveness = new Liveness({
    clock,
    registry,
    timeoutMs: RIG_SESSION_TIMEOUT_MS,
    tickMs: RIG_TICK_MS,
    onTickError: (error) => errors.push(error),
  });
  return Object.assign(rig, {
    clock,
    journal,
    approvals,
    registry,
    liveness,
    stage,
    events,
    errors,
    close: () => {
      liveness.stop();
      closeDatabase(database);
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  });
}
