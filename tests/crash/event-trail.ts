import { nextStatus } from '../../src-main/sessions/session-state.ts';
import type { AgentEvent } from '../../src-shared/events.ts';
import type { SessionStatus } from '../../src-shared/sessions.ts';
import { EVENT_MEANINGS } from '../fakes/event-meanings.ts';

/** Follows the events of an agent over all its lives: one start and one legal end for each session, no hole. */
export class EventTrail {
  #seq = 0;
  readonly #states = new Map<string, SessionStatus>();

  /** The number of the newest event that was followed. */
  get lastSeq(): number {
    return this.#seq;
  }

  get sessions(): number {
    return this.#states.size;
  }

  /** Follows further events; throws at the first that does not fit. */
  follow(events: readonly AgentEvent[]): void {
    for (const { seq, event, data } of events) {
      if (seq !== this.#seq + 1) throw new Error(`event ${seq} follows ${this.#seq}`);
      this.#seq = seq;
      const meaning = EVENT_MEANINGS[event];
      if (!meaning) continue;
      const sessionId = String(data.session_id);
      const state = this.#states.get(sessionId);
      if ('starts' in meaning) {
        if (state) throw new Error(`${sessionId} started twice`);
        this.#states.set(sessionId, meaning.starts);
      } else {
        if (!state) throw new Error(`${event} of ${sessionId}, which never started`);
        this.#states.set(sessionId, nextStatus(state, meaning.move));
      }
    }
  }

  /** What the events say of a session. */
  statusOf(sessionId: string): SessionStatus | undefined {
    return this.#states.get(sessionId);
  }
}
