import { randomBytes } from 'node:crypto';
import {
  type AllowScope,
  type Approval,
  type ApprovalKind,
  type Decider,
  USUAL_REASONS,
} from '#shared/approvals';
import type { CommandDetails } from '#shared/command-details';
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
  /** The mode of the remote access that is asked for, or that a command is asked in. */
  readonly safetyMode?: SafetyMode | undefined;
  readonly reason?: string | undefined;
  /** Where the request came from: an address, or `this machine`. */
  readonly origin: string;
  /** Of a command: what exactly would run. */
  readonly details?: CommandDetails | undefined;
}

/** What a decision says beyond yes or no; it means something for commands only. */
export interface DecisionExtent {
  /** Of a yes; `once` if it is left out. */
  readonly scope?: AllowScope | undefined;
  /** Of a no: whether the session that asked is ended too. */
  readonly endSession?: boolean | undefined;
}

/** How a request ended. `expired` counts as a denial; `withdrawn` means that the asker no longer wants it. */
export interface Decision extends DecisionExtent {
  readonly outcome: 'allowed' | 'denied' | 'expired' | 'withdrawn';
  readonly by: Decider;
  readonly reason: string;
}

/** Told at each step of its request, before any surface hears of it. */
export interface Asker {
  /** The request has its id and nobody has seen it yet. If this throws, nothing was asked. */
  readonly onAsked?: (asked: Asked) => void;
  /** Called exactly once. If it throws, the request waits on and the decider gets the error. */
  readonly onDecision: (decision: Decision) => void;
}

/** What a request is known by, and until when (wall clock) it waits. */
export interface Asked {
  readonly approvalId: string;
  readonly expiresAtMs: number;
}

/** Told to every surface that shows requests, after the asker was told. */
export type ApprovalChange =
  | { readonly change: 'asked'; readonly approval: Approval }
  | { readonly change: 'decided'; readonly approval: Approval; readonly decision: Decision };

interface Pending extends Asked {
  readonly ask: ApprovalAsk;
  readonly requestedAtMs: number;
  readonly timeoutMs: number;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  readonly onDecision: (decision: Decision) => void;
  cancelTimer: () => void;
}

// Enough to answer "already decided" instead of "never heard of it" to a surface that is a moment late.
const REMEMBERED_DECISIONS = 1000;

// How soon an expiry is tried again that the asker could not take (its disk was full, say).
const EXPIRY_RETRY_MS = 1000;

/**
 * The one place where requests wait for the person at the machine, whatever surface shows them. The first
 * decision wins; no decision within the timeout is a denial. Nothing is allowed by default, by closing, or by
 * a restart.
 */
export class ApprovalQueue {
  readonly #clock: Clock;
  #timeoutMs: number;
  readonly #hasPlaceToAsk: () => boolean;
  readonly #onError: (error: unknown) => void;
  readonly #pending = new Map<string, Pending>();
  readonly #decided = new Set<string>();
  readonly #listeners = new Set<(change: ApprovalChange) => void>();

  /**
   * `hasPlaceToAsk` tells whether any surface could show a request to somebody now. `onError` gets what failed where
   * nobody waits for an answer: a surface that was told of a change, an expiry that the asker could not take.
   */
  constructor(options: {
    clock: Clock;
    timeoutMs: number;
    hasPlaceToAsk: () => boolean;
    onError: (error: unknown) => void;
  }) {
    this.#clock = options.clock;
    this.#timeoutMs = options.timeoutMs;
    this.#hasPlaceToAsk = options.hasPlaceToAsk;
    this.#onError = options.onError;
  }

  /** Lets requests wait for so long from now on; those that wait already keep their time. */
  setTimeoutMs(timeoutMs: number): void {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Puts a request before the person; `asker` is told first at each step. Throws `no_place_to_ask`, and asks nobody,
   * where nobody could see the request.
   */
  ask(ask: ApprovalAsk, asker: Asker): Asked {
    if (!this.#hasPlaceToAsk()) throw new PortholeError('no_place_to_ask');
    const approvalId = `approval_${randomBytes(8).toString('hex')}`;
    const requestedAtMs = this.#clock.wallMs();
    const expiresAtMs = requestedAtMs + this.#timeoutMs;
    const deadlineMs = this.#clock.monotonicMs() + this.#timeoutMs;
    asker.onAsked?.({ approvalId, expiresAtMs });
    const pending: Pending = {
      approvalId,
      ask,
      requestedAtMs,
      timeoutMs: this.#timeoutMs,
      expiresAtMs,
      deadlineMs,
      onDecision: asker.onDecision,
      cancelTimer: this.#clock.after(this.#timeoutMs, () => this.#onTimeout(approvalId)),
    };
    this.#pending.set(approvalId, pending);
    this.#tell({ change: 'asked', approval: this.#describe(pending) });
    return { approvalId, expiresAtMs };
  }

  /** Allows or denies. Throws `approval_decided` if somebody was faster, `approval_not_found` for an unknown id. */
  decide(
    approvalId: string,
    outcome: 'allowed' | 'denied',
    by: Decider,
    reason?: string,
    extent: DecisionExtent = {},
  ): void {
    const pending = this.#pending.get(approvalId);
    if (!pending) {
      throw new PortholeError(this.#decided.has(approvalId) ? 'approval_decided' : 'approval_not_found');
    }
    // The timer may be late; the deadline holds all the same.
    if (this.#clock.monotonicMs() >= pending.deadlineMs) {
      this.#expire(pending);
      throw new PortholeError('approval_decided', 'Nobody answered in time; the request has expired.');
    }
    this.#settle(pending, { outcome, by, reason: reason ?? USUAL_REASONS[outcome], ...extent });
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

  #onTimeout(approvalId: string): void {
    const pending = this.#pending.get(approvalId);
    if (!pending) return;
    try {
      this.#expire(pending);
    } catch (error) {
      pending.cancelTimer = this.#clock.after(EXPIRY_RETRY_MS, () => this.#onTimeout(approvalId));
      this.#onError(error);
    }
  }

  #expire(pending: Pending): void {
    const seconds = Math.round(pending.timeoutMs / 1000);
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
      ...(ask.safetyMode === undefined ? {} : { safety_mode: ask.safetyMode }),
      ...(ask.reason === undefined ? {} : { reason: ask.reason }),
      origin: ask.origin,
      requested_at: new Date(pending.requestedAtMs).toISOString(),
      expires_at: new Date(pending.expiresAtMs).toISOString(),
      seconds_left: Math.max(0, (pending.deadlineMs - this.#clock.monotonicMs()) / 1000),
      ...(ask.details === undefined ? {} : { details: ask.details }),
    };
  }

  #tell(change: ApprovalChange): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}
