import type { ApprovalQueue } from '../approvals/approval-queue.ts';
import type { Clock } from '../clock.ts';

const FRESH_FOR_MS = 1000;

/**
 * Knows which requests have only just come up. One that appears in a menu or as a notice under a press that was on its
 * way elsewhere must not be allowed by it; the prompt has a delay of its own for the same.
 */
export class FreshRequests {
  readonly #clock: Clock;
  readonly #askedAtMs = new Map<string, number>();
  readonly #unsubscribe: () => void;

  constructor(approvals: ApprovalQueue, clock: Clock) {
    this.#clock = clock;
    this.#unsubscribe = approvals.subscribe(({ change, approval }) => {
      if (change === 'asked') this.#askedAtMs.set(approval.approval_id, clock.monotonicMs());
      else this.#askedAtMs.delete(approval.approval_id);
    });
  }

  /** Whether the request was asked less than a second ago. */
  has(approvalId: string): boolean {
    const askedAtMs = this.#askedAtMs.get(approvalId);
    return askedAtMs !== undefined && this.#clock.monotonicMs() - askedAtMs < FRESH_FOR_MS;
  }

  /** Hears of no more requests. */
  close(): void {
    this.#unsubscribe();
  }
}
