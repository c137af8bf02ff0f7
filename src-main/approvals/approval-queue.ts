import { randomBytes } from 'node:crypto';
import type { Approval, ApprovalKind, Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import type { SafetyMode } from '#shared/sessions';
import type { Clock } from '../clock.ts';

/** What somebody wants to be allowed. */
export interface ApprovalAsk {
  readonly kind: ApprovalKind;
  readonly sessionId: string;
  readonly userId: string;
  /** One line that says what is asked for. */
  readonly summary: string;
  readonly safetyMode: SafetyMode;
  readonly reason?: string | undefined;
  /** Where the request came from: an address, or `this machine`. */
  readonly origin: string;
}

/** How a request ended. `expired` counts as a denial; `withdrawn` means that the asker no longer wants it. */
export interface Decision {
  readonly outcome: 'allowed' | 'denied' | 'expired' | 'withdrawn';
  readonly by: Decider;
  readonly reason: string;
}

/** Told to every surface that shows requests, after the asker was told. */
export type ApprovalChange =
  | { readonly change: 'asked'; readonly approval: Approval }
  | { readonly change: 'decided'; readonly approval: Approval; readonly decision: Decision };

interface Pending {
  readonly approvalId: string;
  readonly ask: ApprovalAsk;
  readonly requestedAtMs: number;
  readonly expiresAtMs: number;
  readonly deadlineMs: number;
  readonly onDecision: (decision: Decision) => void;
  readonly cancelTimer: () => void;
}

// Enough to answer "already decided" instead of "never heard of it" to a surface that is a moment late.
const REMEMBERED_DECISIONS = 1000;

/**
 * The one place where requests wait for the person at the machine, whatever surface shows them. The first
 * decision wins; no decision within the timeout is a denial. Nothing is allowed by default, by closing, or by
 * a restart.
 */
export class ApprovalQueue {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #hasPlaceToAsk: () => boolean;
  readonly #pending = new Map<string, Pending>();
  readonly #decided = new Set<string>();
  readonly #listeners = new Set<(change: ApprovalChange) => void>();

  /** `hasPlaceToAsk` tells whether any surface could show a request to somebody now. */
  constructor(options: { clock: Clock; timeoutMs: number; hasPlaceToAsk: () => boolean }) {
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
    this.#hasPlaceToAsk = options.hasPlaceToAsk;
  }

  /**
   * Puts a request before the person. `onDecision` is called exactly once, before any surface hears of the
   * decision; if it throws, the request waits on and the decider gets the error. Throws `no_place_to_ask`, and
   * asks nobody, where nobody could see the request.
   */
  ask(
    ask: ApprovalAsk,
    onDecision: (decision: Decision) => void,
  ): { approvalId: string; expiresAtMs: number } {
    if (!this.#hasPlaceToAsk()) throw new PortholeError('no_place_to_ask');
    const approvalId = `approval_${randomBytes(8).toString('hex')}`;
    const requestedAtMs = this.#clock.wallMs();
    const pending: Pending = {
      approvalId,
      ask,
      requestedAtMs,
      expiresAtMs: requestedAtMs + this.#timeoutMs,
      deadlineMs: this.#clock.monotonicMs() + this.#timeoutMs,
      onDecision,
      cancelTimer: this.#clock.after(this.#timeoutMs, () => this.#expire(approvalId)),
    };
    this.#pending.set(approvalId, pending);
    this.#tell({ change: 'asked', approval: this.#describe(pending) });
    return { approvalId, expiresAtMs: pending.expiresAtMs };
  }

  /** Allows or denies. Throws `approval_decided` if somebody was faster, `approval_not_found` for an unknown id. */
  decide(approvalId: string, outcome: 'allowed' | 'denied', by: Decider, reason?: string): void {
    const pending = this.#pending.get(approvalId);
    if (!pending) {
      throw new PortholeError(this.#decided.has(approvalId) ? 'approval_decided' : 'approval_not_found');
    }
    const fallback = outcome === 'allowed' ? 'Allowed' : 'Denied by the person at the machine';
    this.#settle(pending, { outcome, by, reason: reason ?? fallback });
  }

  /** Takes a request back because what it was for has ended. Does nothing if it was decided. */
  withdraw(approvalId: string, reason: string): void {
    const pending = this.#pending.get(approvalId);
    if (pending) this.#settle(pending, { outcome: 'withdrawn', by: 'agent', reason });
  }

  /** Everything that waits, oldest first. */
  list(): Approval[] {
    return [...this.#pending.values()].map((pending) => this.#describe(pending));
  }

  /** Calls `listener` on every change until the returned function is called. */
  subscribe(listener: (change: ApprovalChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Denies everything that waits. */
  denyAll(reason: string): void {
    for (const pending of [...this.#pending.values()]) {
      this.#settle(pending, { outcome: 'denied', by: 'agent', reason });
    }
  }

  #expire(approvalId: string): void {
    const pending = this.#pending.get(approvalId);
    if (!pending) return;
    const seconds = Math.round(this.#timeoutMs / 1000);
    this.#settle(pending, { outcome: 'expired', by: 'timeout', reason: `No answer within ${seconds} s` });
  }

  #settle(pending: Pending, decision: Decision): void {
    const approval = this.#describe(pending);
    // Taken out first: whoever looks at the queue from within onDecision must not see it as waiting.
    this.#pending.delete(pending.approvalId);
    try {
      pending.onDecision(decision);
    } catch (error) {
      this.#pending.set(pending.approvalId, pending);
      throw error;
    }
    pending.cancelTimer();
    this.#remember(pending.approvalId);
    this.#tell({ change: 'decided', approval, decision });
  }

  #remember(approvalId: string): void {
    this.#decided.add(approvalId);
    if (this.#decided.size <= REMEMBERED_DECISIONS) return;
    const [oldest] = this.#decided;
    if (oldest !== undefined) this.#decided.delete(oldest);
  }

  #describe(pending: Pending): Approval {
    const { ask } = pending;
    return {
      approval_id: pending.approvalId,
      kind: ask.kind,
      session_id: ask.sessionId,
      user_id: ask.userId,
      summary: ask.summary,
      safety_mode: ask.safetyMode,
      ...(ask.reason === undefined ? {} : { reason: ask.reason }),
      origin: ask.origin,
      requested_at: new Date(pending.requestedAtMs).toISOString(),
      expires_at: new Date(pending.expiresAtMs).toISOString(),
      seconds_left: Math.max(0, (pending.deadlineMs - this.#clock.monotonicMs()) / 1000),
    };
  }

  #tell(change: ApprovalChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
