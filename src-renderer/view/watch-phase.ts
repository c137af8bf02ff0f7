import type { ViewRequestState } from '#shared/access';
import type { AgentRefusal } from '../agent/api-client.ts';

/**
 * How far a page has come with its share.
 *
 * `connecting`: no picture of this connection yet. `watching`: pictures come. `stalled`: none has come for too long.
 * `checking`: the agent has ended the stream, and is asked why. `reconnecting`: waits for the next attempt, the
 * `attempt`th since pictures came. `not_started`: the share itself waits for approval.
 *
 * `paused`: by whoever looks. `resting`: nobody has looked at the page for a while.
 *
 * `must_ask`: nobody has been asked yet; `trouble` says why, if the question could not be put. `asking`, `waiting`: it
 * was, and is not answered. `denied`, `expired`: the answer was no, or there was none.
 *
 * The rest are ends: `sent_away` by the person at the machine, `bad_link` for a key that opens nothing (any more),
 * `unknown` for a share that is none, `ended`, and `refused` for whatever else the agent says no with.
 */
export type Phase =
  | { readonly name: 'connecting' | 'stalled' | 'checking'; readonly attempt: number }
  | { readonly name: 'watching' | 'paused' | 'resting' | 'not_started' }
  | {
      readonly name: 'reconnecting';
      readonly attempt: number;
      /** What the agent said, if it said anything. */
      readonly refusal: AgentRefusal | null;
    }
  | { readonly name: 'looking_up'; readonly wasWatching: boolean }
  | { readonly name: 'must_ask'; readonly trouble: string | null }
  | { readonly name: 'asking' | 'waiting' | 'denied' | 'expired' }
  | { readonly name: 'sent_away' | 'bad_link' | 'unknown' }
  | { readonly name: 'ended'; readonly reason: string | null }
  | { readonly name: 'refused'; readonly refusal: AgentRefusal };

/** The name of a {@link Phase}. */
export type PhaseName = Phase['name'];

/** What happens to a page that watches. */
export type Signal =
  /** A picture is there. */
  | { readonly type: 'picture' }
  /** Nothing has come for a while; for so long that the connection is given up. */
  | { readonly type: 'silence' | 'given_up' }
  /** The stream ended: in order, or not. */
  | { readonly type: 'closed' | 'lost' }
  | { readonly type: 'refused'; readonly refusal: AgentRefusal }
  /** The stream was ended in order, though this page may still watch. */
  | { readonly type: 'still_allowed' }
  /** It is time for the next attempt, or somebody wants it now. */
  | { readonly type: 'retry' }
  | { readonly type: 'pause' | 'resume' | 'hide' | 'show' }
  | { readonly type: 'ask' }
  /** The question could not be put. */
  | { readonly type: 'not_asked'; readonly code: string | null; readonly trouble: string }
  | { readonly type: 'answer'; readonly status: ViewRequestState }
  /** An event tells that the share is over. */
  | { readonly type: 'ended'; readonly reason: string | null };

const CONNECTED: ReadonlySet<PhaseName> = new Set(['connecting', 'watching', 'stalled']);
const RUNNING: ReadonlySet<PhaseName> = new Set([...CONNECTED, 'checking', 'reconnecting', 'not_started']);
const ASKED: ReadonlySet<PhaseName> = new Set(['looking_up', 'asking', 'waiting']);
/** From which there is no way back by itself. */
const FINAL: ReadonlySet<PhaseName> = new Set(['sent_away', 'bad_link', 'unknown', 'ended', 'refused']);

/** Where a page begins. */
export const FIRST_PHASE: Phase = { name: 'connecting', attempt: 0 };

/** Whether the page holds, or is about to open, a connection for pictures in this phase. */
export function wantsPictures({ name }: Phase): boolean {
  return CONNECTED.has(name);
}

/** Whether a page in this phase may be told of events: it was let in, and the share may go on. */
export function wantsEvents({ name }: Phase): boolean {
  return name !== 'looking_up' && name !== 'must_ask' && !ASKED.has(name) && !isRefusal(name);
}

/** Whether nothing more happens in this phase unless somebody wants it. */
export function isFinal({ name }: Phase): boolean {
  return FINAL.has(name);
}

function isRefusal(name: PhaseName): boolean {
  return FINAL.has(name) || name === 'denied' || name === 'expired';
}

/** The phase after `signal`. A signal that means nothing in this phase leaves it as it is, the very same object. */
export function nextPhase(phase: Phase, signal: Signal): Phase {
  const { name } = phase;
  switch (signal.type) {
    case 'picture':
      return CONNECTED.has(name) && name !== 'watching' ? { name: 'watching' } : phase;
    case 'silence':
      return name === 'watching' ? { name: 'stalled', attempt: 0 } : phase;
    case 'given_up':
    case 'lost':
      return CONNECTED.has(name) || name === 'checking' || name === 'looking_up'
        ? reconnect(phase, null)
        : phase;
    case 'closed':
      return CONNECTED.has(name) ? { name: 'checking', attempt: attemptOf(phase) } : phase;
    case 'still_allowed':
      return name === 'checking' ? { name: 'sent_away' } : phase;
    case 'refused':
      return RUNNING.has(name) || ASKED.has(name) ? afterRefusal(phase, signal.refusal) : phase;
    case 'retry':
      return mayRetry(name) ? { name: 'connecting', attempt: attemptOf(phase) } : phase;
    case 'pause':
      return RUNNING.has(name) || name === 'resting' ? { name: 'paused' } : phase;
    case 'resume':
      return name === 'paused' ? FIRST_PHASE : phase;
    case 'hide':
      return CONNECTED.has(name) || name === 'reconnecting' ? { name: 'resting' } : phase;
    case 'show':
      return name === 'resting' ? FIRST_PHASE : phase;
    case 'ask':
      return mayAsk(name) ? { name: 'asking' } : phase;
    case 'not_asked':
      return name === 'asking' ? afterUntakenQuestion(signal.code, signal.trouble) : phase;
    case 'answer':
      return ASKED.has(name) ? afterAnswer(phase, signal.status) : phase;
    case 'ended':
      return FINAL.has(name) ? phase : { name: 'ended', reason: signal.reason };
  }
}

function attemptOf(phase: Phase): number {
  return 'attempt' in phase ? phase.attempt : 0;
}

function reconnect(phase: Phase, refusal: AgentRefusal | null): Phase {
  return { name: 'reconnecting', attempt: attemptOf(phase) + 1, refusal };
}

/** Somebody who was sent away, or whom an unclear refusal keeps out, may try again by hand. */
function mayRetry(name: PhaseName): boolean {
  return ['reconnecting', 'stalled', 'not_started', 'sent_away', 'refused'].includes(name);
}

function mayAsk(name: PhaseName): boolean {
  return ['must_ask', 'denied', 'expired'].includes(name);
}

function afterRefusal(phase: Phase, refusal: AgentRefusal): Phase {
  switch (refusal.code) {
    case 'viewer_approval_required':
      return { name: 'looking_up', wasWatching: phase.name === 'checking' };
    case 'viewer_sent_away':
      return { name: 'sent_away' };
    case 'invalid_credentials':
      return { name: 'bad_link' };
    case 'session_not_found':
      return { name: 'unknown' };
    case 'stream_ended':
      return { name: 'ended', reason: null };
    case 'session_not_active':
      return { name: 'not_started' };
  }
  const mayPass = refusal.status === 429 || refusal.status >= 500;
  return mayPass ? reconnect(phase, refusal) : { name: 'refused', refusal };
}

function afterUntakenQuestion(code: string | null, trouble: string): Phase {
  if (code === 'session_not_found') return { name: 'unknown' };
  return code === 'stream_ended' ? { name: 'ended', reason: null } : { name: 'must_ask', trouble };
}

function afterAnswer(phase: Phase, status: ViewRequestState): Phase {
  switch (status) {
    case 'none':
      // A question that waits is forgotten with its share only, which the agent does not outlive either.
      return phase.name === 'waiting' ? { name: 'ended', reason: null } : { name: 'must_ask', trouble: null };
    case 'pending_approval':
      return phase.name === 'waiting' ? phase : { name: 'waiting' };
    case 'approved':
      return FIRST_PHASE;
    case 'denied':
      return { name: phase.name === 'looking_up' && phase.wasWatching ? 'sent_away' : 'denied' };
    case 'expired':
      return { name: 'expired' };
  }
}
