import { isDeepStrictEqual } from 'node:util';
import type { EndStatus } from '../../src-shared/sessions.ts';

/** What can be asked of a session. */
export type Ask = 'approve' | 'deny' | 'stop' | 'drop';

/** How a session ended, as a client was told; not every answer has the figures. */
export interface AnsweredEnd {
  readonly status: EndStatus;
  readonly figures: { readonly durationSeconds: number; readonly count: number } | null;
}

/** What clients know of one session. */
export interface LedgerEntry {
  readonly sessionId: string;
  readonly type: 'remote_access' | 'screen_share';
  /** Its start was answered with this. */
  status: 'active' | 'pending_approval';
  /** Told by an answer; nothing may contradict it ever after. */
  end: AnsweredEnd | null;
  /** Asked for and not (yet) answered, each as often as it was asked: may have happened or not. */
  readonly unanswered: Ask[];
}

/**
 * What clients were answered, and what they asked without getting an answer, since the agent was last started.
 * An agent that was killed must stand by the first and may have done the second.
 */
export class CrashLedger {
  readonly entries = new Map<string, LedgerEntry>();
  /** Starts that were asked for and not answered. */
  unansweredStarts = 0;
  /** Whether the owner has locked the agent, as last answered; null while that is open. */
  locked: boolean | null = false;
  answers = 0;
  /** What is being asked of all sessions at once, by those who wait for the answer. */
  readonly #sweeps = new Set<readonly Ask[]>();
  /** Sessions that a sweep was said to have met before their own start was answered. */
  readonly #metEarly = new Map<string, readonly Ask[]>();

  /** The sessions that clients believe to be live. */
  get live(): LedgerEntry[] {
    return [...this.entries.values()].filter(({ end }) => end === null);
  }

  /** Notes a start that was answered. */
  noteStart(sessionId: string, type: LedgerEntry['type'], status: LedgerEntry['status']): void {
    if (this.entries.has(sessionId)) throw new Error(`${sessionId} was given twice`);
    const unanswered = [...this.#sweeps, this.#metEarly.get(sessionId) ?? []].flat();
    this.entries.set(sessionId, { sessionId, type, status, end: null, unanswered });
  }

  /** Notes that one of those that asked for `ask` was answered. */
  noteAnswer({ unanswered }: LedgerEntry, ask: Ask): void {
    const index = unanswered.indexOf(ask);
    if (index >= 0) unanswered.splice(index, 1);
  }

  /**
   * Notes that `asks` are asked of all sessions at once, those included whose start is answered meanwhile. The
   * function that it answers takes the ids that were met, once that is known.
   */
  noteSweep(...asks: Ask[]): (metIds: readonly string[]) => LedgerEntry[] {
    const asked = this.live;
    for (const { unanswered } of asked) unanswered.push(...asks);
    this.#sweeps.add(asks);
    return (metIds) => {
      this.#sweeps.delete(asks);
      for (const sessionId of metIds) this.#metEarly.set(sessionId, asks);
      return metIds.flatMap((sessionId) => this.entries.get(sessionId) ?? []);
    };
  }

  /** Notes the end of a session that was answered. No later answer may differ from the first. */
  noteEnd(sessionId: string, end: AnsweredEnd): void {
    const entry = this.entries.get(sessionId);
    if (!entry) return;
    const { end: known } = entry;
    const differs =
      known !== null &&
      (known.status !== end.status ||
        (known.figures && end.figures && !isDeepStrictEqual(known.figures, end.figures)));
    if (differs)
      throw new Error(`${sessionId} ended as ${JSON.stringify(known)}, then ${JSON.stringify(end)}`);
    entry.end = end.figures ? end : (known ?? end);
  }

  /** The ends that a session may turn out to have had when the agent was killed under it. */
  possibleEnds({ end, unanswered, status }: LedgerEntry): { status: EndStatus; reason: RegExp }[] {
    if (end) return [{ status: end.status, reason: /./ }];
    const ends: { status: EndStatus; reason: RegExp }[] = [
      { status: 'dropped', reason: /^Agent restarted$/ },
    ];
    if (unanswered.includes('stop')) ends.push({ status: 'stopped', reason: /./ });
    if (unanswered.includes('deny')) ends.push({ status: 'denied', reason: /./ });
    if (unanswered.includes('drop')) ends.push({ status: 'dropped', reason: /^No sign of life$/ });
    // Nobody has to ask for it: time alone does.
    if (status === 'pending_approval') ends.push({ status: 'expired', reason: /^No answer within/ });
    return ends;
  }
}
