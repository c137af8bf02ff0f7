import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isEndStatus,
  nextStatus,
  SESSION_MOVES,
  type SessionMove,
} from '../../../src-main/sessions/session-state.ts';
import type { PortholeError } from '../../../src-shared/errors.ts';
import { endStatusSchema, type SessionStatus, sessionStatusSchema } from '../../../src-shared/sessions.ts';

const MOVES = ['approve', 'deny', 'expire', 'stop', 'drop'] as const satisfies SessionMove[];

/** The whole machine, written a second time: every state, every move, where it leads or what it is refused with. */
const TABLE: Record<SessionStatus, Record<SessionMove, SessionStatus | { refused: string }>> = {
  pending_approval: {
    approve: 'active',
    deny: 'denied',
    expire: 'expired',
    stop: 'stopped',
    drop: 'dropped',
  },
  active: {
    approve: { refused: 'session_not_pending' },
    deny: { refused: 'session_not_pending' },
    expire: { refused: 'session_not_pending' },
    stop: 'stopped',
    drop: 'dropped',
  },
  stopped: endedRow(),
  denied: endedRow(),
  expired: endedRow(),
  dropped: endedRow(),
};

function endedRow(): Record<SessionMove, { refused: string }> {
  return {
    approve: { refused: 'session_not_pending' },
    deny: { refused: 'session_not_pending' },
    expire: { refused: 'session_not_pending' },
    stop: { refused: 'session_ended' },
    drop: { refused: 'session_ended' },
  };
}

function outcomeOf(from: SessionStatus, move: SessionMove): SessionStatus | { refused: string } {
  try {
    return nextStatus(from, move);
  } catch (error) {
    return { refused: (error as PortholeError).code };
  }
}

describe('session state machine', () => {
  const cells = sessionStatusSchema.options.flatMap((from) => MOVES.map((move) => ({ from, move })));

  it.each(cells)('$from + $move', ({ from, move }) => {
    expect(outcomeOf(from, move)).toEqual(TABLE[from][move]);
  });

  it('refuses every illegal move with 409', () => {
    for (const { from, move } of cells) {
      if (SESSION_MOVES[from][move] !== undefined) continue;
      expect(() => nextStatus(from, move)).toThrow(expect.objectContaining({ status: 409 }));
    }
  });

  it('says in the refusal what state the session is in', () => {
    expect(() => nextStatus('expired', 'approve')).toThrow(/expired/);
  });

  it('knows the ends, and nothing leads out of one', () => {
    for (const status of sessionStatusSchema.options) {
      const isEnd = (endStatusSchema.options as readonly string[]).includes(status);
      expect(isEndStatus(status)).toBe(isEnd);
      if (isEnd) expect(SESSION_MOVES[status]).toEqual({});
    }
  });

  it('reaches an end by any walk at most two moves long, and then stays there', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...MOVES), { maxLength: 12 }), (moves) => {
        let status: SessionStatus = 'pending_approval';
        let changes = 0;
        for (const move of moves) {
          const next: SessionStatus | undefined = SESSION_MOVES[status][move];
          if (next === undefined) continue;
          expect(isEndStatus(status)).toBe(false);
          status = next;
          changes += 1;
        }
        expect(changes).toBeLessThanOrEqual(2);
      }),
    );
  });
});
