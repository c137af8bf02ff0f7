import { describe, expect, it } from 'vitest';
import { ApprovalQueue } from '../../../src-main/approvals/approval-queue.ts';
import { FreshRequests } from '../../../src-main/desktop/fresh-requests.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

describe('FreshRequests', () => {
  it('has a request for its first second, and none that it never heard of', () => {
    const clock = new ManualClock();
    const fail = (error: unknown) => {
      throw error;
    };
    const approvals = new ApprovalQueue({
      clock,
      timeoutMs: 60_000,
      hasPlaceToAsk: () => true,
      onError: fail,
    });
    const fresh = new FreshRequests(approvals, clock);
    const ask = (sessionId: string) =>
      approvals.ask(
        {
          kind: 'session',
          sessionId,
          userId: 'ann',
          summary: 'Remote access',
          safetyMode: 'autonomous',
          origin: 'this machine',
        },
        { onDecision: () => undefined },
      ).approvalId;

    const first = ask('remote_00000001');
    clock.advance(600);
    const second = ask('remote_00000002');
    clock.advance(399);
    expect([first, second, 'approval_unknown'].map((id) => fresh.has(id))).toEqual([true, true, false]);
    clock.advance(1);
    expect([first, second].map((id) => fresh.has(id))).toEqual([false, true]);
    approvals.decide(second, 'denied', 'api');
    expect(fresh.has(second)).toBe(false);

    fresh.close();
    expect(fresh.has(ask('remote_00000003'))).toBe(false);
  });
});
