import type Database from 'libsql';
import { z } from 'zod';
import { type AgentEvent, agentEventNameSchema } from '#shared/events';
import { deliveryStateSchema } from '#shared/webhooks';
import type {
  DeliveryCounts,
  DeliveryQuery,
  DeliveryRecord,
  QueueRules,
  WebhookJournal,
  WebhookRecord,
} from '../webhooks/webhook-journal.ts';

const webhookRow = z
  .object({
    webhook_id: z.string(),
    name: z.string(),
    url: z.string(),
    events: z
      .string()
      .transform((text) => z.array(agentEventNameSchema).parse(JSON.parse(text)))
      .nullable(),
    secret: z.string(),
    created_at_ms: z.number(),
    last_seq: z.number(),
    failures: z.number(),
    last_error: z.string().nullable(),
    last_delivered_at_ms: z.number().nullable(),
    disabled_at_ms: z.number().nullable(),
  })
  .transform(({ last_seq: lastSeq, ...row }) => ({
    lastSeq,
    webhook: {
      webhookId: row.webhook_id,
      name: row.name,
      url: row.url,
      events: row.events,
      secret: row.secret,
      createdAtMs: row.created_at_ms,
      failures: row.failures,
      lastError: row.last_error,
      lastDeliveredAtMs: row.last_delivered_at_ms,
      disabledAtMs: row.disabled_at_ms,
    } satisfies WebhookRecord,
  }));

const deliveryRow = z
  .object({
    delivery_id: z.string(),
    webhook_id: z.string(),
    event: agentEventNameSchema,
    seq: z.number(),
    body: z.string(),
    state: deliveryStateSchema,
    attempts: z.number(),
    created_at_ms: z.number(),
    last_attempt_at_ms: z.number().nullable(),
    response_status: z.number().nullable(),
    error: z.string().nullable(),
  })
  .transform(
    (row): DeliveryRecord => ({
      deliveryId: row.delivery_id,
      webhookId: row.webhook_id,
      event: row.event,
      seq: row.seq,
      body: row.body,
      state: row.state,
      attempts: row.attempts,
      createdAtMs: row.created_at_ms,
      lastAttemptAtMs: row.last_attempt_at_ms,
      responseStatus: row.response_status,
      error: row.error,
    }),
  );

const DELIVERY_COLUMNS =
  'delivery_id, webhook_id, event, seq, body, state, attempts, created_at_ms, last_attempt_at_ms, response_status, error';
/** How many of those that are done, and of those that were given up, are kept of a webhook. */
const KEPT = { delivered: 100, dead: 1000 } as const;
const EVENTS_AT_A_TIME = 1000;

/** What of the archive of events a {@link SqliteWebhookJournal} reads. */
export interface EventArchive {
  lastSeq(): number;
  listEvents(since: number, limit: number): AgentEvent[];
}

/** Webhooks and their queues in SQLite. */
export class SqliteWebhookJournal implements WebhookJournal {
  readonly #database: Database.Database;
  readonly #archive: EventArchive;
  readonly #listWebhooks: Database.Statement;
  readonly #firstPending: Database.Statement;
  readonly #findDelivery: Database.Statement;
  readonly #count: Database.Statement;
  readonly #giveUpOlder: Database.Statement;
  readonly #queue: (rules: QueueRules) => number;
  readonly #save: (webhook: WebhookRecord, delivery: DeliveryRecord | null) => void;
  readonly #requeue: (delivery: DeliveryRecord) => void;

  /** The database must be open and at the newest schema; `archive` keeps its events in the same one. */
  constructor(database: Database.Database, archive: EventArchive) {
    this.#database = database;
    this.#archive = archive;
    this.#listWebhooks = database.prepare('SELECT * FROM webhooks ORDER BY created_at_ms, webhook_id');
    this.#firstPending = database.prepare(
      `SELECT ${DELIVERY_COLUMNS} FROM webhook_deliveries WHERE webhook_id = ? AND state = 'pending'
       ORDER BY position LIMIT 1`,
    );
    this.#findDelivery = database.prepare(
      `SELECT ${DELIVERY_COLUMNS} FROM webhook_deliveries WHERE webhook_id = ? AND delivery_id = ?`,
    );
    this.#count = database.prepare(
      'SELECT state, count(*) AS count FROM webhook_deliveries WHERE webhook_id = ? GROUP BY state',
    );
    this.#giveUpOlder = database.prepare(
      `UPDATE webhook_deliveries SET state = 'dead', error = :reason
       WHERE webhook_id = :webhookId AND state = 'pending' AND created_at_ms <= :createdBeforeMs`,
    );
    this.#queue = this.#prepareQueue();
    this.#save = this.#prepareSave();
    const remove = database.prepare('DELETE FROM webhook_deliveries WHERE delivery_id = ?');
    const insert = this.#prepareInsert();
    this.#requeue = database.transaction((delivery: DeliveryRecord) => {
      remove.run(delivery.deliveryId);
      insert.run(toRow(delivery));
    });
  }

  listWebhooks(): WebhookRecord[] {
    return this.#rows().map(({ webhook }) => webhook);
  }

  addWebhook({ events, ...webhook }: WebhookRecord): void {
    this.#database
      .prepare(
        `INSERT INTO webhooks (webhook_id, name, url, events, secret, created_at_ms, last_seq, failures, last_error,
           last_delivered_at_ms, disabled_at_ms)
         VALUES (:webhookId, :name, :url, :events, :secret, :createdAtMs, :lastSeq, :failures, :lastError,
           :lastDeliveredAtMs, :disabledAtMs)
         ON CONFLICT (webhook_id) DO UPDATE SET
           name = excluded.name, url = excluded.url, events = excluded.events, secret = excluded.secret`,
      )
      .run({ ...webhook, events: events && JSON.stringify(events), lastSeq: this.#archive.lastSeq() });
  }

  removeWebhook(webhookId: string): void {
    this.#database.prepare('DELETE FROM webhooks WHERE webhook_id = ?').run(webhookId);
  }

  queueNewEvents(rules: QueueRules): number {
    return this.#queue(rules);
  }

  firstPending(webhookId: string): DeliveryRecord | undefined {
    const row: unknown = this.#firstPending.get(webhookId);
    return row === undefined ? undefined : deliveryRow.parse(row);
  }

  findDelivery(webhookId: string, deliveryId: string): DeliveryRecord | undefined {
    const row: unknown = this.#findDelivery.get(webhookId, deliveryId);
    return row === undefined ? undefined : deliveryRow.parse(row);
  }

  listDeliveries({ webhookId, state, limit, offset }: DeliveryQuery): {
    deliveries: DeliveryRecord[];
    total: number;
  } {
    const filter = `WHERE webhook_id = :webhookId ${state === undefined ? '' : 'AND state = :state'}`;
    const values = { webhookId, ...(state === undefined ? {} : { state }) };
    const rows: unknown = this.#database
      .prepare(
        `SELECT ${DELIVERY_COLUMNS} FROM webhook_deliveries ${filter}
         ORDER BY position DESC LIMIT :limit OFFSET :offset`,
      )
      .all({ ...values, limit, offset });
    const count: unknown = this.#database
      .prepare(`SELECT count(*) AS total FROM webhook_deliveries ${filter}`)
      .get(values);
    return {
      deliveries: deliveryRow.array().parse(rows),
      total: z.object({ total: z.number() }).parse(count).total,
    };
  }

  countDeliveries(webhookId: string): DeliveryCounts {
    const rows = z
      .array(z.object({ state: deliveryStateSchema, count: z.number() }))
      .parse(this.#count.all(webhookId));
    const countOf = (wanted: string): number => rows.find(({ state }) => state === wanted)?.count ?? 0;
    return { pending: countOf('pending'), delivered: countOf('delivered'), dead: countOf('dead') };
  }

  save(webhook: WebhookRecord, delivery?: DeliveryRecord): void {
    this.#save(webhook, delivery ?? null);
  }

  giveUpOlder(webhookId: string, createdBeforeMs: number, reason: string): number {
    return Number(this.#giveUpOlder.run({ webhookId, createdBeforeMs, reason }).changes);
  }

  requeue(delivery: DeliveryRecord): void {
    this.#requeue({
      ...delivery,
      state: 'pending',
      attempts: 0,
      lastAttemptAtMs: null,
      responseStatus: null,
      error: null,
    });
  }

  #rows() {
    return webhookRow.array().parse(this.#listWebhooks.all());
  }

  #prepareInsert(): Database.Statement {
    return this.#database.prepare(
      `INSERT INTO webhook_deliveries (${DELIVERY_COLUMNS})
       VALUES (:deliveryId, :webhookId, :event, :seq, :body, :state, :attempts, :createdAtMs, :lastAttemptAtMs,
         :responseStatus, :error)`,
    );
  }

  #prepareQueue(): (rules: QueueRules) => number {
    const insert = this.#prepareInsert();
    const moveOn = this.#database.prepare(
      'UPDATE webhooks SET last_seq = :lastSeq WHERE webhook_id = :webhookId',
    );
    const overflow = this.#database.prepare(
      `UPDATE webhook_deliveries SET state = 'dead', error = :reason WHERE position IN (
         SELECT position FROM webhook_deliveries WHERE webhook_id = :webhookId AND state = 'pending'
         ORDER BY position DESC LIMIT -1 OFFSET :kept)`,
    );
    const trim = this.#database.prepare(
      `DELETE FROM webhook_deliveries WHERE position IN (
         SELECT position FROM webhook_deliveries WHERE webhook_id = :webhookId AND state = :state
         ORDER BY position DESC LIMIT -1 OFFSET :kept)`,
    );
    return this.#database.transaction((rules: QueueRules) => {
      const rows = this.#rows();
      const newest = this.#archive.lastSeq();
      let queued = 0;
      let since = Math.min(newest, ...rows.map(({ lastSeq }) => lastSeq));
      while (since < newest) {
        const events = this.#archive.listEvents(since, EVENTS_AT_A_TIME);
        for (const event of events) {
          for (const { webhook, lastSeq } of rows) {
            const made = event.seq > lastSeq ? rules.deliver(event, webhook) : null;
            if (!made) continue;
            insert.run(toRow(newDelivery(event, webhook.webhookId, made)));
            queued += 1;
          }
        }
        since = events.at(-1)?.seq ?? newest;
      }
      for (const { webhook, lastSeq } of rows) {
        const { webhookId } = webhook;
        if (lastSeq === newest) continue;
        moveOn.run({ webhookId, lastSeq: newest });
        overflow.run({ webhookId, kept: rules.maxPending, reason: rules.overflowReason });
        for (const [state, kept] of Object.entries(KEPT)) trim.run({ webhookId, state, kept });
      }
      return queued;
    });
  }

  #prepareSave(): (webhook: WebhookRecord, delivery: DeliveryRecord | null) => void {
    const saveHealth = this.#database.prepare(
      `UPDATE webhooks SET failures = :failures, last_error = :lastError, last_delivered_at_ms = :lastDeliveredAtMs,
         disabled_at_ms = :disabledAtMs
       WHERE webhook_id = :webhookId`,
    );
    const saveDelivery = this.#database.prepare(
      `UPDATE webhook_deliveries SET
         state = CASE WHEN state = 'dead' AND :state = 'pending' THEN 'dead' ELSE :state END,
         attempts = :attempts, last_attempt_at_ms = :lastAttemptAtMs, response_status = :responseStatus, error = :error
       WHERE delivery_id = :deliveryId`,
    );
    return this.#database.transaction((webhook: WebhookRecord, delivery: DeliveryRecord | null) => {
      const { webhookId, failures, lastError, lastDeliveredAtMs, disabledAtMs } = webhook;
      saveHealth.run({ webhookId, failures, lastError, lastDeliveredAtMs, disabledAtMs });
      if (!delivery) return;
      const { deliveryId, state, attempts, lastAttemptAtMs, responseStatus, error } = delivery;
      saveDelivery.run({ deliveryId, state, attempts, lastAttemptAtMs, responseStatus, error });
    });
  }
}

function newDelivery(
  { event, seq, data }: AgentEvent,
  webhookId: string,
  made: { readonly deliveryId: string; readonly body: string },
): DeliveryRecord {
  return {
    ...made,
    webhookId,
    event,
    seq,
    state: 'pending',
    attempts: 0,
    createdAtMs: Date.parse(data.timestamp),
    lastAttemptAtMs: null,
    responseStatus: null,
    error: null,
  };
}

function toRow(delivery: DeliveryRecord): Record<string, string | number | null> {
  return { ...delivery };
}
