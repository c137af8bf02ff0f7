import { z } from 'zod';
import type { Endpoint } from './api.ts';
import { wholeNumber } from './query-values.ts';
import { createWebhookBodySchema, deliverySchema, deliveryStateSchema, webhookSchema } from './webhooks.ts';

const none = z.strictObject({});
const ofWebhook = z.strictObject({ webhook_id: z.string() });
const success = z.literal(true);

/** The endpoints of webhooks, a part of the JSON API. */
export const WEBHOOK_API = {
  listWebhooks: {
    method: 'get',
    path: '/api/webhooks',
    summary: 'The webhooks and how they fare, without their secrets',
    params: none,
    query: none,
    body: none,
    answer: z.object({ webhooks: z.array(webhookSchema), total: z.int().min(0) }),
    errors: [],
  },
  createWebhook: {
    method: 'post',
    path: '/api/webhooks',
    summary: 'Have events sent to an address; the secret that they are signed with is told this once',
    params: none,
    query: none,
    body: createWebhookBodySchema,
    answer: webhookSchema.extend({ success, secret: z.string() }),
    errors: ['too_many_webhooks'],
  },
  deleteWebhook: {
    method: 'delete',
    path: '/api/webhooks/{webhook_id}',
    summary: 'Send nothing more to a webhook, and forget what waited for it',
    params: ofWebhook,
    query: none,
    body: none,
    answer: z.object({ success, webhook_id: z.string() }),
    errors: ['webhook_not_found'],
  },
  enableWebhook: {
    method: 'post',
    path: '/api/webhooks/{webhook_id}/enable',
    summary: 'Send to a webhook again that is off because its receiver wanted nothing more',
    params: ofWebhook,
    query: none,
    body: none,
    answer: webhookSchema.extend({ success }),
    errors: ['webhook_not_found'],
  },
  testWebhook: {
    method: 'post',
    path: '/api/webhooks/{webhook_id}/test',
    summary: 'Send a webhook one message at once, beside what waits, and tell what became of it',
    params: ofWebhook,
    query: none,
    body: none,
    answer: z.object({
      success,
      webhook_id: z.string(),
      delivered: z.boolean(),
      response_status: z.int().nullable(),
      error: z.string().nullable(),
      duration_seconds: z.number().min(0),
    }),
    errors: ['webhook_not_found'],
  },
  listWebhookDeliveries: {
    method: 'get',
    path: '/api/webhooks/{webhook_id}/deliveries',
    summary: 'What waits for a webhook, what it was given lately, and what was given up; newest first',
    params: ofWebhook,
    query: z.strictObject({
      state: deliveryStateSchema.optional(),
      limit: wholeNumber(1, 1000, 50),
      offset: wholeNumber(0, 1_000_000_000, 0),
    }),
    body: none,
    answer: z.object({ deliveries: z.array(deliverySchema), total: z.int().min(0) }),
    errors: ['webhook_not_found'],
  },
  retryWebhookDelivery: {
    method: 'post',
    path: '/api/webhooks/{webhook_id}/deliveries/{delivery_id}/retry',
    summary: 'Put a delivery that was given up back into the queue, as the last of it',
    params: z.strictObject({ webhook_id: z.string(), delivery_id: z.string() }),
    query: none,
    body: none,
    answer: z.object({ success, delivery: deliverySchema }),
    errors: ['webhook_not_found', 'webhook_disabled', 'delivery_not_found', 'delivery_not_dead'],
  },
} as const satisfies Record<string, Endpoint>;
