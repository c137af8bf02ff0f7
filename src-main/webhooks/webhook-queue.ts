import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { nameReceiver } from './webhook-address.ts';
import type { DeliveryRecord, WebhookJournal, WebhookRecord } from './webhook-journal.ts';
import { signMessage } from './webhook-message.ts';
import type { SendMessage, SendOutcome } from './webhook-sender.ts';

/** What a {@link WebhookQueue} works with. */
export interface WebhookQueueOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: WebhookJournal;
  readonly send: SendMessage;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Called once for each time that the receiver is lost, with why. */
  readonly onFailing: (webhook: WebhookRecord, error: string) => void;
  /** Called when the receiver has said that it is gone for good, with how. */
  readonly onGone: (webhook: WebhookRecord, error: string) => void;
}

/** How long to wait after each attempt in a row that failed; together a little less than a day. */
export const RETRY_WAITS_SECONDS: readonly number[] = [
  5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800,
];
/** Waits are made longer by up to this part, so that the receivers of one outage do not all come at once. */
const JITTER = 0.2;
/** What could not be delivered for so long is given up. */
const GIVE_UP_AFTER_MS = 86_400_000;
/** A receiver that is there and refuses one message gets it so often; then comes the next. */
const MAX_REFUSALS = 5;
const FAILING_AFTER = 3;
/** What a fault of the disk counts as: ten minutes' pause. */
const FAULT_FAILURES = 4;
const MAX_RETRY_AFTER_SECONDS = 3600;
/** The receiver wants nothing more, ever: Standard Webhooks has senders switch it off then. */
const GONE = 410;
const GONE_REASON = 'the receiver wants nothing more';
/** Statuses that say nothing against the message: try later. 407 is a proxy's. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([407, 408, 409, 425, 429]);

/**
 * Delivers what waits for one webhook: in order, one at a time, each until the receiver has taken it or it is given up.
 * Nothing in it waits for another webhook, and nobody waits for it.
 */
export class WebhookQueue {
  readonly #options: WebhookQueueOptions;
  readonly #letGo = new AbortController();
  #webhook: WebhookRecord;
  #isSending = false;
  #testing: Promise<SendOutcome> | null = null;
  #cancelWait: (() => void) | null = null;
  #hasToldFailing: boolean;

  constructor(webhook: WebhookRecord, options: WebhookQueueOptions) {
    this.#webhook = webhook;
    this.#options = options;
    this.#hasToldFailing = webhook.failures >= FAILING_AFTER;
  }

  /** The webhook and how it fares. */
  get webhook(): WebhookRecord {
    return this.#webhook;
  }

  /** Delivers what waits, unless that is under way or the receiver is being left alone. */
  wake(): void {
    const isOff = this.#webhook.disabledAtMs !== null;
    if (isOff || this.#isSending || this.#cancelWait || this.#letGo.signal.aborted) return;
    this.#guarded(() => {
      const delivery = this.#options.journal.firstPending(this.#webhook.webhookId);
      if (delivery) void this.#deliver(delivery);
    });
  }

  /** Leaves the receiver alone no longer. */
  retryNow(): void {
    this.#cancelWait?.();
    this.#cancelWait = null;
    this.wake();
  }

  /** Sends again to a receiver that was switched off; does nothing to one that is on. Throws what the disk throws. */
  enable(): void {
    if (this.#webhook.disabledAtMs === null) return;
    const enabled: WebhookRecord = { ...this.#webhook, disabledAtMs: null, failures: 0, lastError: null };
    this.#options.journal.save(enabled);
    this.#webhook = enabled;
    this.#hasToldFailing = false;
    this.retryNow();
  }

  /** Sends a message beside the queue, or joins whoever is doing that. If it is taken, what waits goes out too. */
  test(
    message: { readonly deliveryId: string; readonly body: string },
    send: SendMessage,
  ): Promise<SendOutcome> {
    this.#testing ??= this.#send(message.deliveryId, message.body, send).then((outcome) => {
      this.#testing = null;
      if (outcome.error === null) this.retryNow();
      return outcome;
    });
    return this.#testing;
  }

  /** Lets go of what is under way; nothing is sent from now on, and what waits stays where it is. */
  close(): void {
    this.#letGo.abort();
    this.#cancelWait?.();
  }

  async #deliver(delivery: DeliveryRecord): Promise<void> {
    this.#isSending = true;
    const outcome = await this.#send(delivery.deliveryId, delivery.body, this.#options.send);
    this.#isSending = false;
    if (this.#letGo.signal.aborted) return;
    this.#guarded(() => {
      if (outcome.error === null) this.#noteTaken(delivery, outcome);
      else this.#noteFailed(delivery, outcome, outcome.error);
      this.wake();
    });
  }

  #send(deliveryId: string, body: string, send: SendMessage): Promise<SendOutcome> {
    const { url, secret } = this.#webhook;
    const headers = signMessage({ deliveryId, body }, secret, this.#options.clock.wallMs());
    return send({ url, headers, body }, this.#letGo.signal);
  }

  #noteTaken(delivery: DeliveryRecord, { responseStatus }: SendOutcome): void {
    const atMs = this.#options.clock.wallMs();
    this.#webhook = { ...this.#webhook, failures: 0, lastError: null, lastDeliveredAtMs: atMs };
    this.#hasToldFailing = false;
    this.#options.journal.save(this.#webhook, {
      ...delivery,
      state: 'delivered',
      attempts: delivery.attempts + 1,
      lastAttemptAtMs: atMs,
      responseStatus,
      error: null,
    });
  }

  #noteFailed(delivery: DeliveryRecord, { responseStatus, retryAfterSeconds }: SendOutcome, error: string) {
    const { clock, journal, log, onFailing } = this.#options;
    const atMs = clock.wallMs();
    const attempts = delivery.attempts + 1;
    if (responseStatus === GONE) {
      this.#noteGone({ ...delivery, attempts, lastAttemptAtMs: atMs, responseStatus, error }, error, atMs);
      return;
    }
    const failures = this.#webhook.failures + 1;
    const isRefused = responseStatus !== null && isRefusal(responseStatus);
    const isLost = !isRefused && failures > RETRY_WAITS_SECONDS.length;
    const tooOldMs = atMs - GIVE_UP_AFTER_MS;
    const isGivenUp = isRefused ? attempts >= MAX_REFUSALS : isLost && delivery.createdAtMs <= tooOldMs;

    // A message that was refused for good says nothing about the next.
    this.#webhook = { ...this.#webhook, failures: isRefused && isGivenUp ? 0 : failures, lastError: error };
    journal.save(this.#webhook, {
      ...delivery,
      state: isGivenUp ? 'dead' : 'pending',
      attempts,
      lastAttemptAtMs: atMs,
      responseStatus,
      error,
    });
    if (isLost) journal.giveUpOlder(this.#webhook.webhookId, tooOldMs, `for a day ${error}`);
    const { webhookId, name, url } = this.#webhook;
    log.warn(
      { webhookId, name, receiver: nameReceiver(url), event: delivery.event, attempts, error, isGivenUp },
      'a webhook did not take an event',
    );
    if (!(isRefused && isGivenUp)) this.#leaveAlone(isRefused ? attempts : failures, retryAfterSeconds);
    if (failures >= FAILING_AFTER && !this.#hasToldFailing) {
      this.#hasToldFailing = true;
      onFailing(this.#webhook, error);
    }
  }

  /** Switches the receiver off: what waits for it is given up, and nothing more is queued until it is on again. */
  #noteGone(delivery: DeliveryRecord, error: string, atMs: number): void {
    const { journal, log, onGone } = this.#options;
    this.#webhook = { ...this.#webhook, disabledAtMs: atMs, failures: 0, lastError: error };
    journal.save(this.#webhook, { ...delivery, state: 'dead' });
    const { webhookId, name, url } = this.#webhook;
    journal.giveUpOlder(webhookId, Number.MAX_SAFE_INTEGER, GONE_REASON);
    log.warn({ webhookId, name, receiver: nameReceiver(url), error }, 'a webhook wants nothing more');
    onGone(this.#webhook, error);
  }

  /** Waits as long as is due after `failures` in a row, or as the receiver asks. */
  #leaveAlone(failures: number, retryAfterSeconds: number | null): void {
    const { clock, random } = this.#options;
    const usual = RETRY_WAITS_SECONDS[failures - 1] ?? RETRY_WAITS_SECONDS.at(-1) ?? 0;
    const asked = Math.min(retryAfterSeconds ?? 0, MAX_RETRY_AFTER_SECONDS);
    const seconds = Math.max(usual, asked) * (1 + JITTER * random());
    this.#cancelWait?.();
    this.#cancelWait = clock.after(seconds * 1000, () => {
      this.#cancelWait = null;
      this.wake();
    });
  }

  /** A disk that fails must not stop the agent, nor make a receiver hear the same thing without a pause. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.log.error(
        { err: error, webhookId: this.#webhook.webhookId },
        'a webhook cannot be served',
      );
      this.#leaveAlone(FAULT_FAILURES, null);
    }
  }
}

/** Whether the receiver was there and would not have this message. */
function isRefusal(status: number): boolean {
  return status >= 300 && status < 500 && !PASSING_STATUSES.has(status);
}
