import type { EndpointName } from '#shared/api';
import type { Delivery, Webhook } from '#shared/webhooks';
import { showAddress } from '../webhooks/webhook-address.ts';
import type { DeliveryRecord } from '../webhooks/webhook-journal.ts';
import type { WebhookService, WebhookState } from '../webhooks/webhook-service.ts';
import type { ApiHandlers } from './api-router.ts';

type WebhookEndpoint = Extract<
  EndpointName,
  | 'listWebhooks'
  | 'createWebhook'
  | 'deleteWebhook'
  | 'enableWebhook'
  | 'testWebhook'
  | 'listWebhookDeliveries'
  | 'retryWebhookDelivery'
>;

/** The handlers of webhooks. */
export function createWebhookHandlers(webhooks: WebhookService): Pick<ApiHandlers, WebhookEndpoint> {
  return {
    listWebhooks: () => {
      const listed = webhooks.list().map(toWebhook);
      return { webhooks: listed, total: listed.length };
    },
    createWebhook: ({ body, by }) => {
      const made = webhooks.create(body, by);
      return { success: true, ...toWebhook(made), secret: made.webhook.secret };
    },
    deleteWebhook: ({ params, by }) => {
      webhooks.remove(params.webhook_id, by);
      return { success: true, webhook_id: params.webhook_id };
    },
    enableWebhook: ({ params, by }) => ({
      success: true,
      ...toWebhook(webhooks.enable(params.webhook_id, by)),
    }),
    testWebhook: async ({ params }) => {
      const { error, responseStatus, durationSeconds } = await webhooks.test(params.webhook_id);
      return {
        success: true,
        webhook_id: params.webhook_id,
        delivered: error === null,
        response_status: responseStatus,
        error,
        duration_seconds: durationSeconds,
      };
    },
    listWebhookDeliveries: ({ params, query }) => {
      const { deliveries, total } = webhooks.listDeliveries({ webhookId: params.webhook_id, ...query });
      return { deliveries: deliveries.map(toDelivery), total };
    },
    retryWebhookDelivery: ({ params }) => ({
      success: true,
      delivery: toDelivery(webhooks.retry(params.webhook_id, params.delivery_id)),
    }),
  };
}

function toWebhook({ webhook, counts }: WebhookState): Webhook {
  return {
    webhook_id: webhook.webhookId,
    name: webhook.name,
    url: showAddress(webhook.url),
    events: webhook.events === null ? null : [...webhook.events],
    created_at: toIso(webhook.createdAtMs),
    failures: webhook.failures,
    last_error: webhook.lastError,
    last_delivered_at: webhook.lastDeliveredAtMs === null ? null : toIso(webhook.lastDeliveredAtMs),
    disabled_at: webhook.disabledAtMs === null ? null : toIso(webhook.disabledAtMs),
    pending: counts.pending,
    dead: counts.dead,
  };
}

function toDelivery(delivery: DeliveryRecord): Delivery {
  return {
    delivery_id: delivery.deliveryId,
    webhook_id: delivery.webhookId,
    event: delivery.event,
    seq: delivery.seq,
    state: delivery.state,
    attempts: delivery.attempts,
    created_at: toIso(delivery.createdAtMs),
    last_attempt_at: delivery.lastAttemptAtMs === null ? null : toIso(delivery.lastAttemptAtMs),
    response_status: delivery.responseStatus,
    error: delivery.error,
  };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
