import type { Decider } from '#shared/approvals';
import type { EventDraft } from '../sessions/session-journal.ts';
import { nameReceiver } from './webhook-address.ts';
import type { WebhookRecord } from './webhook-journal.ts';

const WORDS = {
  webhook_created: { badge: '📤', says: 'was added: events go to' },
  webhook_removed: { badge: '🚫', says: 'was removed: no more goes to' },
  webhook_disabled: { badge: '⛔', says: 'is switched off, because nothing more is wanted at' },
  webhook_enabled: { badge: '📤', says: 'is switched on again: events go to' },
  webhook_failing: { badge: '⚠️', says: 'does not get through to' },
} as const;

/** The event that tells what became of a webhook; `more` is added to its message. */
export function describeWebhookEvent(
  event: keyof typeof WORDS,
  { webhookId, name, url }: WebhookRecord,
  doing: { readonly by: Decider; readonly atMs: number },
  more?: string,
): EventDraft {
  const { badge, says } = WORDS[event];
  const receiver = nameReceiver(url);
  const message = `Webhook “${name}” ${says} ${receiver}${more === undefined ? '' : `; ${more}`}`;
  return {
    event,
    data: {
      message,
      badge,
      timestamp: new Date(doing.atMs).toISOString(),
      by: doing.by,
      webhook_id: webhookId,
      name,
      receiver,
    },
  };
}
