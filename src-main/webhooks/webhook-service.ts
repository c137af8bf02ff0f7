import { randomBytes } from 'node:crypto';
import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import type { AgentEventName } from '#shared/events';
import type { Clock } from '../clock.ts';
import type { EventBus } from '../events/event-bus.ts';
import type { Logger } from '../logger.ts';
import type { EventDraft } from '../sessions/session-journal.ts';
import { describeWebhookEvent } from './webhook-events.ts';
import type {
  DeliveryCounts,
  DeliveryQuery,
  DeliveryRecord,
  QueueRules,
  WebhookJournal,
  WebhookRecord,
} from './webhook-journal.ts';
import { newDeliveryId, newWebhookSecret, writeEventBody, writeTestBody } from './webhook-message.ts';
import { WebhookQueue } from './webhook-queue.ts';
import type { SendMessage, SendOutcome } from './webhook-sender.ts';

/** What a {@link WebhookService} works with. */
export interface WebhookServiceOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly bus: EventBus;
  readonly journal: WebhookJournal;
  readonly send: SendMessage;
  /** Sends a test, whose caller waits for it. */
  readonly sendTest: SendMessage;
  /** Puts an event on record and tells of it. */
  readonly record: (draft: EventDraft) => void;
  /** A number from 0 to below 1; the machine's own if it is left out. */
  readonly random?: () => number;
}

/** What is asked for when a webhook is made. */
export interface WebhookWish {
  readonly name: string;
  readonly url: string;
  /** All if it is left out. */
  readonly events?: readonly AgentEventName[] | undefined;
}

/** A webhook and what its queue holds. */
export interface WebhookState {
  readonly webhook: WebhookRecord;
  readonly counts: DeliveryCounts;
}

const MAX_WEBHOOKS = 20;
const QUEUE_RULES: QueueRules = {
  deliver: (event, webhook) => {
    if (webhook.disabledAtMs !== null) return null;
    if (webhook.events && !webhook.events.includes(event.event)) return null;
    const deliveryId = newDeliveryId();
    return { deliveryId, body: writeEventBody(event, webhook, deliveryId) };
  },
  maxPending: 1000,
  overflowReason: 'too many newer events waited',
};

/**
 * Tells webhooks of events. What is to be told is read from the archive of events, so that a crash between an event and
 * its delivery costs nothing; it goes out a moment after whatever made the event, which never waits for it.
 */
export class WebhookService {
  readonly #options: WebhookServiceOptions;
  readonly #queues = new Map<string, WebhookQueue>();
  readonly #unsubscribe: () => void;
  #cancelPump: (() => void) | null = null;

  constructor(options: WebhookServiceOptions) {
    this.#options = options;
    for (const webhook of options.journal.listWebhooks()) this.#open(webhook);
    this.#unsubscribe = options.bus.subscribe({ onEvent: () => this.#pumpSoon() });
    this.#pumpSoon();
  }

  /** Every webhook, oldest first. */
  list(): WebhookState[] {
    return [...this.#queues.values()].map(({ webhook }) => this.#stateOf(webhook));
  }

  /** Adds a webhook, which is told of what happens from now on. Throws `too_many_webhooks`. */
  create(wish: WebhookWish, by: Decider): WebhookState {
    if (this.#queues.size >= MAX_WEBHOOKS) throw new PortholeError('too_many_webhooks');
    const { clock, journal } = this.#options;
    const webhook: WebhookRecord = {
      webhookId: `webhook_${randomBytes(4).toString('hex')}`,
      name: wish.name,
      url: wish.url,
      events: wish.events === undefined ? null : [...new Set(wish.events)],
      secret: newWebhookSecret(),
      createdAtMs: clock.wallMs(),
      failures: 0,
      lastError: null,
      lastDeliveredAtMs: null,
      disabledAtMs: null,
    };
    journal.addWebhook(webhook);
    this.#open(webhook);
    this.#record('webhook_created', webhook, by);
    return this.#stateOf(webhook);
  }

  /** Cuts off a webhook and forgets its queue. Throws `webhook_not_found`. */
  remove(webhookId: string, by: Decider): void {
    const queue = this.#get(webhookId);
    // It gets nothing more, whatever the disk says.
    queue.close();
    this.#options.journal.removeWebhook(webhookId);
    this.#queues.delete(webhookId);
    this.#record('webhook_removed', queue.webhook, by);
  }

  /**
   * Sends again to a webhook whose receiver had said that it wants nothing more: what happens from now on. Does nothing
   * to one that is on. Throws `webhook_not_found`.
   */
  enable(webhookId: string, by: Decider): WebhookState {
    const queue = this.#get(webhookId);
    if (queue.webhook.disabledAtMs === null) return this.#stateOf(queue.webhook);
    // What happened while it was off was not for it, whether it has been queued for the others yet or not.
    this.#options.journal.queueNewEvents(QUEUE_RULES);
    queue.enable();
    this.#record('webhook_enabled', queue.webhook, by);
    return this.#stateOf(queue.webhook);
  }

  /** Sends a message that means nothing, and answers what came of it. Throws `webhook_not_found`. */
  async test(webhookId: string): Promise<SendOutcome & { readonly durationSeconds: number }> {
    const queue = this.#get(webhookId);
    const { clock, sendTest } = this.#options;
    const startedAtMs = clock.monotonicMs();
    const deliveryId = newDeliveryId();
    const body = writeTestBody(queue.webhook, deliveryId, clock.wallMs());
    const outcome = await queue.test({ deliveryId, body }, sendTest);
    return { ...outcome, durationSeconds: (clock.monotonicMs() - startedAtMs) / 1000 };
  }

  /** Deliveries of a webhook, newest first. Throws `webhook_not_found`. */
  listDeliveries(query: DeliveryQuery): { deliveries: DeliveryRecord[]; total: number } {
    this.#get(query.webhookId);
    return this.#options.journal.listDeliveries(query);
  }

  /**
   * Queues anew what was given up. Throws `webhook_not_found`, `webhook_disabled`, `delivery_not_found`,
   * `delivery_not_dead`.
   */
  retry(webhookId: string, deliveryId: string): DeliveryRecord {
    const { journal } = this.#options;
    const queue = this.#get(webhookId);
    if (queue.webhook.disabledAtMs !== null) throw new PortholeError('webhook_disabled');
    const delivery = journal.findDelivery(webhookId, deliveryId);
    if (!delivery) throw new PortholeError('delivery_not_found');
    if (delivery.state !== 'dead') throw new PortholeError('delivery_not_dead');
    journal.requeue(delivery);
    const queued = journal.findDelivery(webhookId, deliveryId) ?? delivery;
    queue.retryNow();
    return queued;
  }

  /**
   * Writes down again what this service knows where others have written something else, and removes what they have made;
   * answers how many webhooks that were.
   */
  putBack(): number {
    const { journal } = this.#options;
    const kept = new Map(journal.listWebhooks().map((webhook) => [webhook.webhookId, webhook]));
    const own = [...this.#queues.values()].map(({ webhook }) => webhook);
    const changed = own.filter((webhook) => !isSame(webhook, kept.get(webhook.webhookId)));
    const foreign = [...kept.keys()].filter((webhookId) => !this.#queues.has(webhookId));
    for (const webhook of changed) journal.addWebhook(webhook);
    for (const webhookId of foreign) journal.removeWebhook(webhookId);
    return changed.length + foreign.length;
  }

  /** Lets go of everything at once; what is not delivered is when the agent runs again. */
  close(): void {
    this.#unsubscribe();
    this.#cancelPump?.();
    for (const queue of this.#queues.values()) queue.close();
  }

  #get(webhookId: string): WebhookQueue {
    const queue = this.#queues.get(webhookId);
    if (!queue) throw new PortholeError('webhook_not_found');
    return queue;
  }

  #open(webhook: WebhookRecord): void {
    const { clock, log, journal, send, random = Math.random } = this.#options;
    const onFailing = (failing: WebhookRecord, error: string): void =>
      this.#record('webhook_failing', failing, 'agent', error);
    const onGone = (gone: WebhookRecord, error: string): void =>
      this.#record('webhook_disabled', gone, 'agent', error);
    this.#queues.set(
      webhook.webhookId,
      new WebhookQueue(webhook, { clock, log, journal, send, random, onFailing, onGone }),
    );
  }

  #stateOf(webhook: WebhookRecord): WebhookState {
    return { webhook, counts: this.#options.journal.countDeliveries(webhook.webhookId) };
  }

  #pumpSoon(): void {
    if (this.#queues.size === 0) return;
    this.#cancelPump ??= this.#options.clock.after(0, () => {
      this.#cancelPump = null;
      this.#pump();
    });
  }

  #pump(): void {
    try {
      this.#options.journal.queueNewEvents(QUEUE_RULES);
    } catch (error) {
      // The next event, or the next start, brings these too.
      this.#options.log.error({ err: error }, 'events could not be queued for webhooks');
    }
    for (const queue of this.#queues.values()) queue.wake();
  }

  #record(
    event: Parameters<typeof describeWebhookEvent>[0],
    webhook: WebhookRecord,
    by: Decider,
    more?: string,
  ) {
    try {
      this.#options.record(
        describeWebhookEvent(event, webhook, { by, atMs: this.#options.clock.wallMs() }, more),
      );
    } catch (error) {
      this.#options.log.error({ err: error }, 'what became of a webhook could not be recorded');
    }
  }
}

/** Whether two records tell the same to the same. */
function isSame(one: WebhookRecord, other: WebhookRecord | undefined): boolean {
  const meaningOf = ({ name, url, events, secret }: WebhookRecord): string =>
    JSON.stringify([name, url, events, secret]);
  return other !== undefined && meaningOf(one) === meaningOf(other);
}
