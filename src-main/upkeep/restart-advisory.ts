import type { Advisory } from '#shared/advisories';
import type { EventDraft } from '../sessions/session-journal.ts';

/** That the run of the agent before this one ended and was not meant to. */
export interface Fall {
  readonly kind: 'stalled' | 'failed';
  /** Wall time. */
  readonly atMs: number;
  /** Whether nobody started it again, since that had been done too often. */
  readonly staysDown: boolean;
}

const WORDS = {
  stalled: 'Porthole stopped answering and was ended',
  failed: 'Porthole ended after an error',
} as const;

/** The event that tells that the agent runs again; `reason` is what sessions of then are archived with. */
export function describeRestart({ kind, atMs }: Fall, reason: string, nowMs: number): EventDraft {
  return {
    event: 'agent_restarted',
    data: {
      badge: '⚠️',
      message: `${WORDS[kind]}; it runs again now`,
      timestamp: new Date(nowMs).toISOString(),
      by: 'agent',
      reason,
      ended_at: new Date(atMs).toISOString(),
    },
  };
}

/** What the person is told of it, for as long as this run lasts. */
export function adviseOnRestart({ kind, atMs, staysDown }: Fall): Omit<Advisory, 'advisory_id'> {
  const often = staysDown ? ' It had been started again so often that it then stayed down.' : '';
  return {
    level: 'problem',
    title: `${WORDS[kind]}, ${new Date(atMs).toLocaleString('en-GB')}.`,
    message: `With it ended every share, session and command of then. The log says where it was.${often}`,
    action: null,
  };
}
