import { CrashLedger } from './crash-ledger.ts';
import { startLoad } from './crash-load.ts';
import { CrashWitness, verifyDatabase } from './crash-verify.ts';
import type { Lot } from './lot.ts';

/** An agent that can be killed, whatever it runs in. */
export interface CrashTarget {
  /** Where it keeps its database; the same in all its lives. */
  readonly databaseFile: string;
  /** Starts it; resolves with its address once it listens, rejects if it does not within a time. */
  start(): Promise<string>;
  /** Kills it as `kill -9` does; resolves when the process is gone. Throws what it had complained about before. */
  kill(): Promise<void>;
  /** Starts it and kills it after `afterMs`, listening or not. */
  killWhileStarting(afterMs: number): Promise<void>;
}

/** How an agent is to be killed. */
export interface CrashPlan {
  readonly rounds: number;
  /** How many clients work at once. */
  readonly clients: number;
  /** How long they work at least and at most, before the kill. */
  readonly loadMs: readonly [number, number];
  /** How often it is killed again while it comes up, as a share of the rounds. */
  readonly shareOfStartKills: number;
  /** The longest moment of those. */
  readonly startKillMs: number;
}

/** What came of it. */
export interface CrashCounts {
  rounds: number;
  killsWhileStarting: number;
  answers: number;
  sessions: number;
  droppedByRestart: number;
  unansweredThatHappened: number;
  events: number;
  slowestRestartMs: number;
}

/**
 * Kills an agent under load, again and again, and holds each restart against what its clients were answered. Throws
 * at the first thing that does not fit. Leaves it running.
 */
export async function runCrashRounds(
  target: CrashTarget,
  plan: CrashPlan,
  lot: Lot,
  onRound: (round: number) => void = () => undefined,
): Promise<CrashCounts> {
  const witness = new CrashWitness();
  const counts: CrashCounts = {
    rounds: 0,
    killsWhileStarting: 0,
    answers: 0,
    sessions: 0,
    droppedByRestart: 0,
    unansweredThatHappened: 0,
    events: 0,
    slowestRestartMs: 0,
  };
  let url = await target.start();
  for (let round = 1; round <= plan.rounds; round += 1) {
    // The last kill may have come between a lock and its end.
    await fetch(`${url}/api/sessions/rearm`, { method: 'POST' });
    const ledger = new CrashLedger();
    const load = startLoad(url, ledger, lot, plan.clients);
    await delay(lot.between(...plan.loadMs));
    await target.kill();
    await load.finish();
    if (lot.next() < plan.shareOfStartKills) {
      await target.killWhileStarting(lot.between(0, plan.startKillMs));
      counts.killsWhileStarting += 1;
    }

    verifyDatabase(target.databaseFile);
    const startedMs = performance.now();
    url = await target.start();
    counts.slowestRestartMs = Math.max(counts.slowestRestartMs, performance.now() - startedMs);
    const findings = await witness.verify(url, ledger, load.events);

    counts.rounds = round;
    counts.answers += ledger.answers;
    counts.droppedByRestart += findings.droppedByRestart;
    counts.unansweredThatHappened += findings.unansweredThatHappened;
    counts.sessions = witness.sessions;
    counts.events = witness.events;
    onRound(round);
  }
  return counts;
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
