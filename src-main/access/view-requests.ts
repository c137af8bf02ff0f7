import { randomBytes } from 'node:crypto';
import type { ViewRequestState } from '#shared/access';
import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import type { ApprovalQueue, Decision } from '../approvals/approval-queue.ts';
import type { Clock } from '../clock.ts';
import { digestSecret, findByDigest, newSecret } from './secret.ts';

/** Somebody's wish to watch a share. */
export interface ViewWish {
  readonly sessionId: string;
  /** The name that they give, or null. */
  readonly name: string | null;
  /** Where they are, for people to read. */
  readonly origin: string;
  /** What they are counted as. */
  readonly source: string;
}

/** One wish of one browser, decided or not. */
export interface ViewRequest extends ViewWish {
  readonly grantId: string;
  readonly approvalId: string;
  readonly state: Exclude<ViewRequestState, 'none'>;
  /** On the monotonic clock; null while it waits. */
  readonly decidedAtMs: number | null;
}

interface Browser {
  readonly digest: Buffer;
  /** The newest wish for each share. */
  readonly requests: Map<string, ViewRequest>;
}

/** What {@link ViewRequests} work with. */
export interface ViewRequestsOptions {
  readonly clock: Clock;
  readonly approvals: ApprovalQueue;
  /** Puts on record how far a wish has come. If it throws, it has not come that far. */
  readonly record: (request: ViewRequest, by: Decider) => void;
}

/** A question that was answered with no is not put again for so long. */
const REPEAT_AFTER_MS = 60_000;
const MAX_PENDING_PER_SOURCE = 3;
const MAX_PENDING = 20;
const MAX_BROWSERS = 1000;

/** What people are told of somebody who gave no name. */
export const NAMELESS = 'Somebody without a name';

/**
 * Viewers without a key, each let in on its own by the person at the machine. A browser is known by a secret in a
 * cookie; what it was granted ends with the share, when it is sent away, and with the agent.
 */
export class ViewRequests {
  readonly #options: ViewRequestsOptions;
  /** The one that asked first comes first. */
  #browsers: Browser[] = [];

  constructor(options: ViewRequestsOptions) {
    this.#options = options;
  }

  /**
   * Asks for leave to watch a share, which must be live. `secret` is what the browser is known by, if it is; the one
   * answered is for its cookie. A wish that waits or was granted is not asked for again. Throws `too_many_requests` for
   * one that was denied a moment ago or whose source asks for too much, and `no_place_to_ask`.
   */
  ask(wish: ViewWish, secret: string | null): { request: ViewRequest; secret: string } {
    const known = secret === null ? undefined : this.#find(secret);
    const earlier = known?.requests.get(wish.sessionId);
    if (known && secret !== null && earlier && isStanding(earlier.state)) return { request: earlier, secret };
    this.#assertMayAsk(wish);
    const browserSecret = known && secret !== null ? secret : newSecret('cookie');
    const browser: Browser = known ?? { digest: digestSecret(browserSecret), requests: new Map() };
    let request: ViewRequest | null = null;
    this.#options.approvals.ask(
      {
        kind: 'viewer',
        sessionId: wish.sessionId,
        userId: wish.name ?? NAMELESS,
        summary: 'Watch the shared screen',
        origin: wish.origin,
      },
      {
        onAsked: ({ approvalId }) => {
          const grantId = `grant_${randomBytes(4).toString('hex')}`;
          request = { ...wish, grantId, approvalId, state: 'pending_approval', decidedAtMs: null };
          this.#options.record(request, 'api');
          browser.requests.set(wish.sessionId, request);
          if (!known) this.#browsers = [...this.#browsers.slice(-MAX_BROWSERS + 1), browser];
        },
        onDecision: (decision) => this.#settle(browser, wish.sessionId, decision),
      },
    );
    if (!request) throw new Error('the queue did not take the request');
    return { request, secret: browserSecret };
  }

  /** How far this browser has come with a share. */
  stateOf(secret: string, sessionId: string): ViewRequestState {
    return this.#find(secret)?.requests.get(sessionId)?.state ?? 'none';
  }

  /** What lets this browser watch a share now, if anything does. */
  findGrant(secret: string, sessionId: string): ViewRequest | undefined {
    const request = this.#find(secret)?.requests.get(sessionId);
    return request?.state === 'approved' ? request : undefined;
  }

  /** Takes a grant back: its browser has to ask again. */
  withdraw(grantId: string): void {
    for (const { requests } of this.#browsers) {
      for (const request of requests.values()) {
        if (request.grantId === grantId) requests.set(request.sessionId, this.#decided(request, 'denied'));
      }
    }
  }

  /** Forgets all wishes for a share that has ended; answers the grants that end with it. */
  endShare(sessionId: string): string[] {
    const grantIds: string[] = [];
    for (const { requests } of this.#browsers) {
      const request = requests.get(sessionId);
      if (!request) continue;
      requests.delete(sessionId);
      grantIds.push(request.grantId);
      this.#options.approvals.withdraw(request.approvalId, 'The screen share has ended');
    }
    this.#browsers = this.#browsers.filter(({ requests }) => requests.size > 0);
    return grantIds;
  }

  #settle(browser: Browser, sessionId: string, { outcome, by }: Decision): void {
    const request = browser.requests.get(sessionId);
    // A withdrawn question is the end of its share, with which everything was forgotten.
    if (!request || outcome === 'withdrawn') return;
    const decided = this.#decided(request, STATES[outcome]);
    this.#options.record(decided, by);
    browser.requests.set(sessionId, decided);
  }

  #decided(request: ViewRequest, state: ViewRequest['state']): ViewRequest {
    return { ...request, state, decidedAtMs: this.#options.clock.monotonicMs() };
  }

  #find(secret: string): Browser | undefined {
    return findByDigest(this.#browsers, digestSecret(secret));
  }

  #assertMayAsk({ sessionId, source }: ViewWish): void {
    const nowMs = this.#options.clock.monotonicMs();
    const all = this.#browsers.flatMap(({ requests }) => [...requests.values()]);
    const pending = all.filter(({ state }) => state === 'pending_approval');
    const fromSource = pending.filter((request) => request.source === source).length;
    const wasRefused = all.some(
      (request) =>
        request.source === source &&
        request.sessionId === sessionId &&
        (request.state === 'denied' || request.state === 'expired') &&
        nowMs - (request.decidedAtMs ?? nowMs) < REPEAT_AFTER_MS,
    );
    if (wasRefused) throw new PortholeError('too_many_requests', 'The answer was no; ask again in a minute.');
    if (fromSource >= MAX_PENDING_PER_SOURCE || pending.length >= MAX_PENDING)
      throw new PortholeError('too_many_requests');
  }
}

const STATES = {
  allowed: 'approved',
  denied: 'denied',
  expired: 'expired',
} as const satisfies Record<Exclude<Decision['outcome'], 'withdrawn'>, ViewRequest['state']>;

function isStanding(state: ViewRequest['state']): boolean {
  return state === 'pending_approval' || state === 'approved';
}
