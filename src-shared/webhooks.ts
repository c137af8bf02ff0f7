import { z } from 'zod';
import { agentEventDataSchema, agentEventNameSchema } from './events.ts';
import { timestampSchema } from './sessions.ts';
import { callerTextSchema } from './text.ts';

/** The events that a webhook can be told of. */
const eventNameSchema = agentEventNameSchema.meta({ id: 'EventName' });

/** The longest address that a webhook can have, in characters. */
const MAX_URL_LENGTH = 2000;

/** Where a webhook sends: http or https, on whatever machine; the person who adds it answers for it. */
export const webhookUrlSchema = z
  .url({ protocol: /^https?$/, error: 'must be an address that begins with http:// or https://' })
  .max(MAX_URL_LENGTH, `must have at most ${MAX_URL_LENGTH} characters`);

/** Body of a request for a webhook; without `events` it is told of all of them. */
export const createWebhookBodySchema = z.strictObject({
  name: callerTextSchema,
  url: webhookUrlSchema,
  events: z.array(eventNameSchema).min(1).max(eventNameSchema.options.length).optional(),
});

/** A webhook as it is listed: everything but its secret. */
export const webhookSchema = z
  .object({
    webhook_id: z.string(),
    name: z.string(),
    /** Its address without what may be a password: the user's part and the values of the query. */
    url: z.string(),
    /** The events that it is told of; null for all. */
    events: z.array(eventNameSchema).nullable(),
    created_at: timestampSchema,
    /** How many attempts in a row have failed; 0 while all is well. */
    failures: z.int().min(0),
    /** Why the last attempt failed; null if it did not. */
    last_error: z.string().nullable(),
    last_delivered_at: timestampSchema.nullable(),
    /** Since when it is off and gets nothing, because its receiver answered 410; null while it is on. */
    disabled_at: timestampSchema.nullable(),
    /** Events that wait to be delivered. */
    pending: z.int().min(0),
    /** Events that were given up. */
    dead: z.int().min(0),
  })
  .meta({ id: 'Webhook' });
export type Webhook = z.infer<typeof webhookSchema>;

/** How far a delivery has come: `dead` was given up, and can be retried by hand. */
export const deliveryStateSchema = z.enum(['pending', 'delivered', 'dead']);
export type DeliveryState = z.infer<typeof deliveryStateSchema>;

/** One event on its way to one webhook. */
export const deliverySchema = z
  .object({
    /** Sent as `webhook-id`; the same in every attempt, so that a receiver knows one that it has had. */
    delivery_id: z.string(),
    webhook_id: z.string(),
    event: eventNameSchema,
    seq: z.int().min(1),
    state: deliveryStateSchema,
    attempts: z.int().min(0),
    created_at: timestampSchema,
    last_attempt_at: timestampSchema.nullable(),
    /** The receiver's last HTTP status; null if none came. */
    response_status: z.int().nullable(),
    /** Why the last attempt failed, or why it was given up; null if neither. */
    error: z.string().nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export type Delivery = z.infer<typeof deliverySchema>;

/** What is sent to a webhook: the event as `/api/events` tells it, and what it is a delivery of. */
export const webhookMessageSchema = z.object({
  event: z.union([eventNameSchema, z.literal('webhook_test')]),
  /** 0 for a test. */
  seq: z.int().min(0),
  data: agentEventDataSchema,
  webhook_id: z.string(),
  delivery_id: z.string(),
});
export type WebhookMessage = z.infer<typeof webhookMessageSchema>;
