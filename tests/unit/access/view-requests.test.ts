import { describe, expect, it } from 'vitest';
import { type ViewRequest, ViewRequests } from '../../../src-main/access/view-requests.ts';
import { ApprovalQueue } from '../../../src-main/approvals/approval-queue.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

const SHARE = 'screen_00000001';

function rig() {
  const clock = new ManualClock();
  const recorded: string[] = [];
  const options = { placeToAsk: true, diskFull: false };
  const approvals = new ApprovalQueue({
    clock,
    timeoutMs: 60_000,
    hasPlaceToAsk: () => options.placeToAsk,
    onError: (error) => {
      throw error;
    },
  });
  const requests = new ViewRequests({
    clock,
    approvals,
    record: (request: ViewRequest) => {
      if (options.diskFull) throw new Error('disk full');
      recorded.push(request.state);
    },
  });
  const ask = (secret: string | null, source = '192.0.2.7', sessionId = SHARE) =>
    requests.ask({ sessionId, name: 'ada', origin: source, source }, secret);
  const decide = (outcome: 'allowed' | 'denied'): void => {
    const [waiting] = approvals.list();
    approvals.decide(waiting?.approval_id ?? '', outcome, 'prompt');
  };
  return { clock, approvals, requests, recorded, options, ask, decide };
}

describe('ViewRequests', () => {
  it('asks the person, who is told by whom and from where', () => {
    const { ask, approvals } = rig();
    ask(null);
    expect(approvals.list()).toMatchObject([
      { kind: 'viewer', session_id: SHARE, user_id: 'ada', origin: '192.0.2.7' },
    ]);
    expect(approvals.list()[0]).not.toHaveProperty('safety_mode');
  });

  it('lets in the browser that asked once it is allowed, for that share alone', () => {
    const { ask, decide, requests, recorded } = rig();
    const { secret } = ask(null);
    expect(requests.findGrant(secret, SHARE)).toBeUndefined();
    decide('allowed');
    expect(requests.findGrant(secret, SHARE)).toMatchObject({ state: 'approved', name: 'ada' });
    expect(requests.findGrant(secret, 'screen_00000002')).toBeUndefined();
    expect(requests.findGrant(`${secret}x`, SHARE)).toBeUndefined();
    expect(recorded).toEqual(['pending_approval', 'approved']);
  });

  it('asks once, however often the browser does', () => {
    const { ask, approvals, decide } = rig();
    const { secret } = ask(null);
    expect(ask(secret).request.state).toBe('pending_approval');
    expect(approvals.list()).toHaveLength(1);
    decide('allowed');
    expect(ask(secret).request.state).toBe('approved');
    expect(approvals.list()).toHaveLength(0);
  });

  it('takes no secret that it has not given', () => {
    const { ask, requests, decide } = rig();
    const { secret } = ask('one of my own');
    expect(secret).not.toBe('one of my own');
    decide('allowed');
    expect(requests.findGrant('one of my own', SHARE)).toBeUndefined();
  });

  it('does not put a question again that was answered with no, from the same place, for a minute', () => {
    const { ask, decide, clock } = rig();
    const { secret } = ask(null);
    decide('denied');
    expect(() => ask(secret)).toThrow('ask again in a minute');
    expect(() => ask(null)).toThrow('ask again in a minute');
    expect(ask(null, '192.0.2.8').request.state).toBe('pending_approval');
    decide('denied');
    clock.advance(60_000);
    expect(ask(secret).request.state).toBe('pending_approval');
    // No answer is a no.
    clock.advance(60_000);
    expect(() => ask(secret)).toThrow('ask again in a minute');
  });

  it('fills nobody’s screen with questions', () => {
    const { ask } = rig();
    for (let share = 1; share <= 3; share += 1) ask(null, 'one', `screen_0000000${share}`);
    expect(() => ask(null, 'one', 'screen_00000009')).toThrow(/too many/i);
    for (let source = 0; source < 17; source += 1) ask(null, `s${source}`);
    expect(() => ask(null, 'another')).toThrow(/too many/i);
  });

  it('forgets all with the share, questions too', () => {
    const { ask, requests, approvals, decide } = rig();
    const granted = ask(null);
    decide('allowed');
    const waiting = ask(null, 'other');
    const grants = requests.endShare(SHARE);
    expect(grants.sort()).toEqual([granted.request.grantId, waiting.request.grantId].sort());
    expect(approvals.list()).toEqual([]);
    expect(requests.stateOf(granted.secret, SHARE)).toBe('none');
    expect(requests.findGrant(granted.secret, SHARE)).toBeUndefined();
  });

  it('takes a grant back', () => {
    const { ask, requests, decide } = rig();
    const { secret, request } = ask(null);
    decide('allowed');
    requests.withdraw(request.grantId);
    expect(requests.findGrant(secret, SHARE)).toBeUndefined();
    expect(requests.stateOf(secret, SHARE)).toBe('denied');
  });

  it('asks nobody where nobody can be asked, or where it cannot be put on record', () => {
    const { ask, options, approvals } = rig();
    options.placeToAsk = false;
    expect(() => ask(null)).toThrow('Nobody can be asked');
    options.placeToAsk = true;
    options.diskFull = true;
    expect(() => ask(null)).toThrow('disk full');
    expect(approvals.list()).toEqual([]);
    options.diskFull = false;
    expect(ask(null).request.state).toBe('pending_approval');
  });

  it('leaves a question open whose answer cannot be put on record', () => {
    const { ask, decide, options, requests } = rig();
    const { secret } = ask(null);
    options.diskFull = true;
    expect(() => decide('allowed')).toThrow('disk full');
    expect(requests.stateOf(secret, SHARE)).toBe('pending_approval');
    options.diskFull = false;
    decide('allowed');
    expect(requests.stateOf(secret, SHARE)).toBe('approved');
  });
});
