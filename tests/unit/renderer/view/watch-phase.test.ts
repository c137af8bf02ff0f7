import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentRefusal } from '../../../../src-renderer/agent/api-client.ts';
import {
  isFinal,
  nextPhase,
  type Phase,
  type PhaseName,
  type Signal,
  wantsEvents,
  wantsPictures,
} from '../../../../src-renderer/view/watch-phase.ts';

const refusal = (status: number, code: string) => new AgentRefusal(status, code, `${code}, in a sentence.`);
const busy = refusal(429, 'too_many_viewers');

/** One of each, as far as they differ in what follows. */
const PHASES: readonly Phase[] = [
  { name: 'connecting', attempt: 0 },
  { name: 'watching' },
  { name: 'stalled', attempt: 0 },
  { name: 'checking', attempt: 0 },
  { name: 'reconnecting', attempt: 1, refusal: null },
  { name: 'not_started' },
  { name: 'paused' },
  { name: 'resting' },
  { name: 'looking_up', wasWatching: false },
  { name: 'must_ask', trouble: null },
  { name: 'asking' },
  { name: 'waiting' },
  { name: 'denied' },
  { name: 'expired' },
  { name: 'sent_away' },
  { name: 'bad_link' },
  { name: 'unknown' },
  { name: 'ended', reason: null },
  { name: 'refused', refusal: refusal(403, 'host_not_allowed') },
];
const NAMES = PHASES.map(({ name }) => name);

const SIGNALS: Readonly<Record<string, Signal>> = {
  picture: { type: 'picture' },
  silence: { type: 'silence' },
  given_up: { type: 'given_up' },
  closed: { type: 'closed' },
  lost: { type: 'lost' },
  still_allowed: { type: 'still_allowed' },
  retry: { type: 'retry' },
  pause: { type: 'pause' },
  resume: { type: 'resume' },
  hide: { type: 'hide' },
  show: { type: 'show' },
  ask: { type: 'ask' },
  not_asked: { type: 'not_asked', code: 'too_many_requests', trouble: 'Later.' },
  ended: { type: 'ended', reason: 'User requested' },
  'refused: must ask': { type: 'refused', refusal: refusal(403, 'viewer_approval_required') },
  'refused: bad key': { type: 'refused', refusal: refusal(401, 'invalid_credentials') },
  'refused: sent away': { type: 'refused', refusal: refusal(401, 'viewer_sent_away') },
  'refused: no such': { type: 'refused', refusal: refusal(404, 'session_not_found') },
  'refused: ended': { type: 'refused', refusal: refusal(410, 'stream_ended') },
  'refused: pending': { type: 'refused', refusal: refusal(409, 'session_not_active') },
  'refused: busy': { type: 'refused', refusal: busy },
  'refused: broken': { type: 'refused', refusal: refusal(500, 'internal_error') },
  'refused: host': { type: 'refused', refusal: refusal(403, 'host_not_allowed') },
  'answer: none': { type: 'answer', status: 'none' },
  'answer: pending': { type: 'answer', status: 'pending_approval' },
  'answer: approved': { type: 'answer', status: 'approved' },
  'answer: denied': { type: 'answer', status: 'denied' },
  'answer: expired': { type: 'answer', status: 'expired' },
};

/** The phase that each signal leads to, by the phase it comes in; all others leave it as it is. */
const TABLE: Readonly<Record<string, Partial<Record<PhaseName, PhaseName>>>> = {
  picture: { connecting: 'watching', stalled: 'watching' },
  silence: { watching: 'stalled' },
  given_up: {
    connecting: 'reconnecting',
    watching: 'reconnecting',
    stalled: 'reconnecting',
    checking: 'reconnecting',
    looking_up: 'reconnecting',
  },
  lost: {
    connecting: 'reconnecting',
    watching: 'reconnecting',
    stalled: 'reconnecting',
    checking: 'reconnecting',
    looking_up: 'reconnecting',
  },
  closed: { connecting: 'checking', watching: 'checking', stalled: 'checking' },
  still_allowed: { checking: 'sent_away' },
  retry: {
    reconnecting: 'connecting',
    stalled: 'connecting',
    not_started: 'connecting',
    sent_away: 'connecting',
    refused: 'connecting',
  },
  pause: {
    connecting: 'paused',
    watching: 'paused',
    stalled: 'paused',
    checking: 'paused',
    reconnecting: 'paused',
    not_started: 'paused',
    resting: 'paused',
  },
  resume: { paused: 'connecting' },
  hide: { connecting: 'resting', watching: 'resting', stalled: 'resting', reconnecting: 'resting' },
  show: { resting: 'connecting' },
  ask: { must_ask: 'asking', denied: 'asking', expired: 'asking' },
  not_asked: { asking: 'must_ask' },
  ended: Object.fromEntries(
    NAMES.filter((name) => !['sent_away', 'bad_link', 'unknown', 'ended', 'refused'].includes(name)).map(
      (name) => [name, 'ended'],
    ),
  ),
  'refused: must ask': refusedTo('looking_up'),
  'refused: bad key': refusedTo('bad_link'),
  'refused: sent away': refusedTo('sent_away'),
  'refused: no such': refusedTo('unknown'),
  'refused: ended': refusedTo('ended'),
  'refused: pending': refusedTo('not_started'),
  'refused: busy': refusedTo('reconnecting'),
  'refused: broken': refusedTo('reconnecting'),
  'refused: host': refusedTo('refused'),
  // Forgotten while it waited: with its share.
  'answer: none': { looking_up: 'must_ask', asking: 'must_ask', waiting: 'ended' },
  'answer: pending': { looking_up: 'waiting', asking: 'waiting', waiting: 'waiting' },
  'answer: approved': { looking_up: 'connecting', asking: 'connecting', waiting: 'connecting' },
  'answer: denied': { looking_up: 'denied', asking: 'denied', waiting: 'denied' },
  'answer: expired': { looking_up: 'expired', asking: 'expired', waiting: 'expired' },
};

function refusedTo(target: PhaseName): Partial<Record<PhaseName, PhaseName>> {
  const judged = ['connecting', 'watching', 'stalled', 'checking', 'reconnecting', 'not_started'] as const;
  return Object.fromEntries([...judged, 'looking_up', 'asking', 'waiting'].map((name) => [name, target]));
}

describe('nextPhase', () => {
  it.each(Object.keys(SIGNALS))('leads on %s where the table says, and nowhere else', (label) => {
    const signal = SIGNALS[label];
    if (!signal) throw new Error(label);
    const reached = Object.fromEntries(PHASES.map((phase) => [phase.name, nextPhase(phase, signal).name]));
    expect(reached).toEqual({ ...Object.fromEntries(NAMES.map((name) => [name, name])), ...TABLE[label] });
  });

  it('leaves the very same object where a signal means nothing', () => {
    const phase: Phase = { name: 'watching' };
    expect(nextPhase(phase, { type: 'picture' })).toBe(phase);
    const waiting: Phase = { name: 'waiting' };
    expect(nextPhase(waiting, { type: 'answer', status: 'pending_approval' })).toBe(waiting);
  });

  it('counts attempts until a picture comes', () => {
    let phase: Phase = { name: 'watching' };
    const attempts: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      phase = nextPhase(phase, { type: 'lost' });
      attempts.push('attempt' in phase ? phase.attempt : -1);
      phase = nextPhase(phase, { type: 'retry' });
    }
    expect(attempts).toEqual([1, 2, 3]);
    phase = nextPhase(phase, { type: 'picture' });
    expect(nextPhase(phase, { type: 'lost' })).toMatchObject({ attempt: 1 });
  });

  it('tells who was watching and is refused now from who never was let in', () => {
    const cutOff = nextPhase(
      { name: 'checking', attempt: 0 },
      { type: 'refused', refusal: refusal(403, 'viewer_approval_required') },
    );
    expect(nextPhase(cutOff, { type: 'answer', status: 'denied' })).toEqual({ name: 'sent_away' });
  });

  it('keeps what the agent said', () => {
    expect(nextPhase({ name: 'watching' }, { type: 'refused', refusal: busy })).toMatchObject({
      refusal: busy,
    });
    expect(nextPhase({ name: 'paused' }, { type: 'ended', reason: 'Lunch' })).toEqual({
      name: 'ended',
      reason: 'Lunch',
    });
    expect(nextPhase({ name: 'asking' }, { type: 'not_asked', code: 'stream_ended', trouble: '' }).name).toBe(
      'ended',
    );
  });

  it('shows pictures only while it is connected, whatever happens', () => {
    const signals = Object.values(SIGNALS);
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...signals), { maxLength: 40 }), (happenings) => {
        let phase: Phase = { name: 'connecting', attempt: 0 };
        for (const signal of happenings) {
          const before = phase;
          phase = nextPhase(phase, signal);
          // Only a picture of a connection makes it live.
          if (phase.name === 'watching' && before.name !== 'watching') expect(signal.type).toBe('picture');
          if (before.name === 'ended') expect(phase).toBe(before);
          if (isFinal(phase)) expect(wantsPictures(phase) || wantsEvents(phase)).toBe(false);
          if (wantsPictures(phase)) expect(wantsEvents(phase)).toBe(true);
        }
      }),
    );
  });
});
