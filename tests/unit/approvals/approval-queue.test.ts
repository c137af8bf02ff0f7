import { describe, expect, it } from 'vitest';
import {
  type ApprovalAsk,
  type ApprovalChange,
  ApprovalQueue,
  type Decision,
} from '../../../src-main/approvals/approval-queue.ts';
import { approvalSchema } from '../../../src-shared/approvals.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

const TIMEOUT_MS = 60_000;
const ASK: ApprovalAsk = {
  kind: 'session',
  sessionId: 'remote_a1b2c3d4',
  userId: 'grace',
  summary: 'Remote access in autonomous mode',
  safetyMode: 'autonomous',
  reason: 'fix the build',
  origin: 'this machine',
};

function createQueue(options: { hasPlaceToAsk?: () => boolean } = {}) {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const changes: ApprovalChange[] = [];
  const queue = new ApprovalQueue({
    clock,
    timeoutMs: TIMEOUT_MS,
    hasPlaceToAsk: options.hasPlaceToAsk ?? (() => true),
    onError: (error) => errors.push(error),
  });
  queue.subscribe((change) => changes.push(change));
  const decisions: Decision[] = [];
  const ask = (fields: Partial<ApprovalAsk> = {}) =>
    queue.ask({ ...ASK, ...fields }, { onDecision: (decision) => decisions.push(decision) }).approvalId;
  return { clock, queue, errors, changes, decisions, ask };
}

const coded = (code: string) => expect.objectContaining({ code });

describe('approvalQueue', () => {
  it('shows what waits, oldest first, with the time that is left', () => {
    const { clock, queue, ask } = createQueue();
    const first = ask();
    clock.advance(15_000);
    const second = ask({ sessionId: 'remote_00000002', reason: undefined });
    const [older, newer] = queue.list();
    expect([older?.approval_id, newer?.approval_id]).toEqual([first, second]);
    expect(older).toEqual({
      approval_id: first,
      kind: 'session',
      session_id: 'remote_a1b2c3d4',
      user_id: 'grace',
      summary: 'Remote access in autonomous mode',
      safety_mode: 'autonomous',
      reason: 'fix the build',
      origin: 'this machine',
      requested_at: '2026-01-01T00:00:00.000Z',
      expires_at: '2026-01-01T00:01:00.000Z',
      seconds_left: 45,
    });
    expect(newer).not.toHaveProperty('reason');
    expect(approvalSchema.array().safeParse(queue.list()).success).toBe(true);
  });

  it('takes the first decision and refuses all later ones', () => {
    const { queue, decisions, ask } = createQueue();
    const approvalId = ask();
    queue.decide(approvalId, 'allowed', 'tray');
    expect(decisions).toEqual([{ outcome: 'allowed', by: 'tray', reason: 'Allowed' }]);
    expect(() => queue.decide(approvalId, 'denied', 'api')).toThrow(coded('approval_decided'));
    expect(() => queue.decide(approvalId, 'allowed', 'api')).toThrow(coded('approval_decided'));
    queue.withdraw(approvalId, 'gone');
    expect(decisions).toHaveLength(1);
    expect(queue.list()).toEqual([]);
  });

  it('does not know ids that it never gave', () => {
    const { queue } = createQueue();
    expect(() => queue.decide('approval_0', 'allowed', 'api')).toThrow(coded('approval_not_found'));
    expect(() => queue.withdraw('approval_0', 'gone')).not.toThrow();
  });

  it('passes on the reason of whoever decides, or says who denied', () => {
    const { queue, decisions, ask } = createQueue();
    queue.decide(ask(), 'denied', 'prompt', 'not on Fridays');
    queue.decide(ask(), 'denied', 'prompt');
    expect(decisions.map(({ reason }) => reason)).toEqual([
      'not on Fridays',
      'Denied by the person at the machine',
    ]);
  });

  it('lets a request expire when its time is over, not before', () => {
    const { clock, decisions, ask } = createQueue();
    ask();
    clock.advance(TIMEOUT_MS - 1);
    expect(decisions).toEqual([]);
    clock.advance(1);
    expect(decisions).toEqual([{ outcome: 'expired', by: 'timeout', reason: 'No answer within 60 s' }]);
  });

  it('holds the deadline when the timer is late', () => {
    const { clock, queue, decisions, ask } = createQueue();
    const approvalId = ask();
    // As after a stall: the time is over, and a decision comes in before the timer does.
    let decide = (): void => undefined;
    clock.after(0, () => decide());
    decide = () =>
      expect(() => queue.decide(approvalId, 'allowed', 'api')).toThrow(coded('approval_decided'));
    clock.suspend(TIMEOUT_MS + 5000);
    expect(decisions).toEqual([expect.objectContaining({ outcome: 'expired' })]);
  });

  it('counts its time on the monotonic clock', () => {
    const { clock, queue, decisions, ask } = createQueue();
    ask();
    clock.jumpWall(24 * 3_600_000);
    clock.advance(1000);
    expect(decisions).toEqual([]);
    expect(queue.list()[0]?.seconds_left).toBe(59);
  });

  it('asks nobody where nobody can be asked', () => {
    const { clock, queue, changes, ask } = createQueue({ hasPlaceToAsk: () => false });
    expect(() => ask()).toThrow(coded('no_place_to_ask'));
    expect(queue.list()).toEqual([]);
    expect(changes).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tells the asker before any surface, at each step', () => {
    const { queue } = createQueue();
    const heard: string[] = [];
    queue.subscribe(({ change }) => heard.push(`surface: ${change}`));
    const { approvalId } = queue.ask(ASK, {
      onAsked: (asked) => heard.push(`asker: ${typeof asked.approvalId}`),
      onDecision: ({ outcome }) => heard.push(`asker: ${outcome}`),
    });
    queue.decide(approvalId, 'allowed', 'panel');
    expect(heard).toEqual(['asker: string', 'surface: asked', 'asker: allowed', 'surface: decided']);
  });

  it('has asked nothing if the asker cannot take the id', () => {
    const { clock, queue, changes } = createQueue();
    const onAsked = () => {
      throw new Error('disk full');
    };
    expect(() => queue.ask(ASK, { onAsked, onDecision: () => undefined })).toThrow('disk full');
    expect(queue.list()).toEqual([]);
    expect(changes).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('keeps a request waiting if the asker cannot take the decision', () => {
    const { clock, queue, changes } = createQueue();
    let failing = true;
    const decisions: Decision[] = [];
    const { approvalId } = queue.ask(ASK, {
      onDecision: (decision) => {
        if (failing) throw new Error('disk full');
        decisions.push(decision);
      },
    });
    expect(() => queue.decide(approvalId, 'allowed', 'api')).toThrow('disk full');
    expect(queue.list()).toHaveLength(1);
    expect(changes.map(({ change }) => change)).toEqual(['asked']);
    failing = false;
    queue.decide(approvalId, 'denied', 'api');
    expect(decisions).toEqual([expect.objectContaining({ outcome: 'denied' })]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('tries an expiry again that the asker could not take, and allows nothing meanwhile', () => {
    const { clock, queue, errors } = createQueue();
    let failures = 2;
    const decisions: Decision[] = [];
    const { approvalId } = queue.ask(ASK, {
      onDecision: (decision) => {
        if (failures-- > 0) throw new Error('disk full');
        decisions.push(decision);
      },
    });
    clock.advance(TIMEOUT_MS);
    expect(errors).toEqual([new Error('disk full')]);
    expect(() => queue.decide(approvalId, 'allowed', 'api')).toThrow('disk full');
    expect(decisions).toEqual([]);
    clock.advance(1000);
    expect(decisions).toEqual([expect.objectContaining({ outcome: 'expired' })]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not show a request as waiting to whoever looks while it is being decided', () => {
    const { queue } = createQueue();
    let seen = -1;
    const { approvalId } = queue.ask(ASK, {
      onDecision: () => {
        seen = queue.list().length;
      },
    });
    queue.decide(approvalId, 'allowed', 'api');
    expect(seen).toBe(0);
  });

  it('tells a surface of a withdrawal, once', () => {
    const { queue, changes, decisions, ask } = createQueue();
    const approvalId = ask();
    queue.withdraw(approvalId, 'The session was stopped');
    queue.withdraw(approvalId, 'again');
    expect(decisions).toEqual([{ outcome: 'withdrawn', by: 'agent', reason: 'The session was stopped' }]);
    expect(changes.map(({ change }) => change)).toEqual(['asked', 'decided']);
  });

  it('lets no surface that fails disturb the others, the asker or the decider', () => {
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const queue = new ApprovalQueue({
      clock,
      timeoutMs: TIMEOUT_MS,
      hasPlaceToAsk: () => true,
      onError: (error) => errors.push(error),
    });
    const heard: string[] = [];
    queue.subscribe(() => {
      throw new Error('no window');
    });
    queue.subscribe(({ change }) => heard.push(change));
    const { approvalId } = queue.ask(ASK, { onDecision: () => undefined });
    queue.decide(approvalId, 'allowed', 'api');
    expect(heard).toEqual(['asked', 'decided']);
    expect(errors).toHaveLength(2);
  });

  it('stops telling a surface that has unsubscribed, even from within', () => {
    const { queue, ask } = createQueue();
    let heard = 0;
    const unsubscribe = queue.subscribe(() => {
      heard += 1;
      unsubscribe();
    });
    ask();
    ask();
    expect(heard).toBe(1);
  });

  it('remembers a thousand decisions, then answers that it knows nothing', () => {
    const { queue, ask } = createQueue();
    const first = ask();
    queue.decide(first, 'denied', 'api');
    for (let count = 0; count < 1000; count += 1) queue.decide(ask(), 'denied', 'api');
    expect(() => queue.decide(first, 'allowed', 'api')).toThrow(coded('approval_not_found'));
  });

  it('leaves no timer behind, however a request ended', () => {
    const { clock, queue, ask } = createQueue();
    queue.decide(ask(), 'allowed', 'api');
    queue.decide(ask(), 'denied', 'api');
    queue.withdraw(ask(), 'gone');
    expect(clock.pendingTimers).toBe(0);
    ask();
    clock.advance(TIMEOUT_MS);
    expect(clock.pendingTimers).toBe(0);
  });
});
