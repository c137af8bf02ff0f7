import type { AgentEvent, AgentEventName } from '#shared/events';
import type { DeliveryState } from '#shared/webhooks';

/** What is kept of a webhook. Times are wall clock, milliseconds since the epoch. */
export interface WebhookRecord {
  readonly webhookId: string;
  readonly name: string;
  readonly url: string;
  /** Null for all events. */
  readonly events: readonly AgentEventName[] | null;
  /** In clear, because it signs; the database is its owner's only. */
  readonly secret: string;
  readonly createdAtMs: number;
  /** Attempts that failed in a row, over restarts too. */
  readonly failures: number;
  readonly lastError: string | null;
  readonly lastDeliveredAtMs: number | null;
  /** Since when it gets nothing more, because its receiver said so; null while it is on. */
  readonly disabledAtMs: number | null;
}

/** What is kept of a delivery. */
export interface DeliveryRecord {
  readonly deliveryId: string;
  readonly webhookId: string;
  readonly event: AgentEventName;
  readonly seq: number;
  /** The JSON that is sent, byte for byte, in every attempt. */
  readonly body: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly lastAttemptAtMs: number | null;
  readonly responseStatus: number | null;
  readonly error: string | null;
}

/** Which deliveries of a webhook to list. */
export interface DeliveryQuery {
  readonly webhookId: string;
  readonly state?: DeliveryState | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** How many deliveries of a webhook are in each state. */
export type DeliveryCounts = Readonly<Record<DeliveryState, number>>;

/** What is put into a queue of one webhook when events come in. */
export interface QueueRules {
  /** Makes the delivery of `event` to `webhook`; null if it is not told of such events. */
  readonly deliver: (
    event: AgentEvent,
    webhook: WebhookRecord,
  ) => { readonly deliveryId: string; readonly body: string } | null;
  /** The most that may wait; the oldest beyond it are given up for `overflowReason`. */
  readonly maxPending: number;
  readonly overflowReason: string;
}

/**
 * Where webhooks and their queues are kept, in the database that events are in. Every write is on disk when the call
 * returns, and each is one transaction.
 */
export interface WebhookJournal {
  /** Oldest first. */
  listWebhooks(): WebhookRecord[];
  /** Keeps a webhook, which is told of what comes after the newest event; one that is there stays where it was. */
  addWebhook(webhook: WebhookRecord): void;
  /** Forgets a webhook and its deliveries. */
  removeWebhook(webhookId: string): void;
  /**
   * Queues what happened since the last call, a restart or a crash in between, for every webhook: each event once.
   * Answers how many deliveries that made. What the archive of events no longer had is lost.
   */
  queueNewEvents(rules: QueueRules): number;
  /** The delivery that has waited longest; undefined if none waits. */
  firstPending(webhookId: string): DeliveryRecord | undefined;
  findDelivery(webhookId: string, deliveryId: string): DeliveryRecord | undefined;
  /** Newest first. `total` counts all that match, whatever the page. */
  listDeliveries(query: DeliveryQuery): { deliveries: DeliveryRecord[]; total: number };
  countDeliveries(webhookId: string): DeliveryCounts;
  /**
   * Writes how a webhook fares and, if there was one, what became of the delivery that was tried. One that was given up
   * while it was on its way waits no more, unless it was taken.
   */
  save(webhook: WebhookRecord, delivery?: DeliveryRecord): void;
  /** Gives up everything that waits since before `createdBeforeMs`; answers how many that were. */
  giveUpOlder(webhookId: string, createdBeforeMs: number, reason: string): number;
  /** Puts a delivery that was given up back as the last of the queue, under its id and with no attempts. */
  requeue(delivery: DeliveryRecord): void;
}
