import { createHmac, randomBytes } from 'node:crypto';
import type { AgentEvent } from '#shared/events';
import type { WebhookMessage } from '#shared/webhooks';
import { scrubSecrets } from '../scrub-secrets.ts';
import type { WebhookRecord } from './webhook-journal.ts';

const SECRET_PREFIX = 'whsec_';
// Standard Webhooks asks for 24 to 64 bytes.
const SECRET_BYTES = 32;

/** A new secret to sign with, in the form that receivers' libraries take: `whsec_` and base64. */
export function newWebhookSecret(): string {
  return `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/** A new id of a message; a receiver that sees one again has had it before. */
export function newDeliveryId(): string {
  return `msg_${randomBytes(12).toString('hex')}`;
}

/** The body of an event's message, should it hold a secret of ours without that. */
export function writeEventBody(
  { seq, event, data }: AgentEvent,
  { webhookId }: WebhookRecord,
  deliveryId: string,
): string {
  return writeBody({ event, seq, data, webhook_id: webhookId, delivery_id: deliveryId });
}

/** The body of a message that only shows whether the way is clear. */
export function writeTestBody({ webhookId, name }: WebhookRecord, deliveryId: string, atMs: number): string {
  return writeBody({
    event: 'webhook_test',
    seq: 0,
    data: {
      message: `This is a test of the webhook “${name}”`,
      badge: '🧪',
      timestamp: new Date(atMs).toISOString(),
    },
    webhook_id: webhookId,
    delivery_id: deliveryId,
  });
}

function writeBody(message: WebhookMessage): string {
  return scrubSecrets(JSON.stringify(message));
}

/**
 * The headers of one attempt, signed as Standard Webhooks says (version 1, symmetric:
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). `atMs` is the wall time
 * of the attempt: receivers refuse what was signed long ago.
 */
export function signMessage(
  { deliveryId, body }: { readonly deliveryId: string; readonly body: string },
  secret: string,
  atMs: number,
): Record<string, string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64');
  const signature = createHmac('sha256', key).update(`${deliveryId}.${timestamp}.${body}`).digest('base64');
  return {
    'webhook-id': deliveryId,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
}
