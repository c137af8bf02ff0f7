import { useCallback, useState } from 'react';
import type { Delivery, Webhook } from '#shared/webhooks';
import { useList } from '../access/use-list.ts';
import { useAgentStore } from '../panel/agent-context.tsx';
import { useSending } from '../panel/use-sending.ts';
import { formatExactly } from '../text/format-time.ts';

/** What is shown of a long list. */
const SHOWN = 20;

/** What a webhook was not given in the end, folded away until somebody wants to see it or to try again. */
export function DeadDeliveries({
  webhook,
  onChanged,
}: {
  readonly webhook: Webhook;
  readonly onChanged: () => Promise<void>;
}) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details
      className="view-links webhook-note"
      onToggle={({ currentTarget }) => setOpen(currentTarget.open)}
    >
      <summary>Given up: {webhook.dead}</summary>
      {isOpen && <DeliveryList webhookId={webhook.webhook_id} key={webhook.dead} onChanged={onChanged} />}
    </details>
  );
}

function DeliveryList({
  webhookId,
  onChanged,
}: {
  readonly webhookId: string;
  readonly onChanged: () => Promise<void>;
}) {
  const { call } = useAgentStore();
  const fetchDead = useCallback(async () => {
    const query = { state: 'dead', limit: String(SHOWN) } as const;
    return (await call('listWebhookDeliveries', { params: { webhook_id: webhookId }, query })).deliveries;
  }, [call, webhookId]);
  const { entries, error } = useList(fetchDead);
  return (
    <div className="view-links-content">
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      {entries && (
        <ul className="access-list" aria-label="Given up">
          {entries.map((delivery) => (
            <DeadItem key={delivery.delivery_id} delivery={delivery} onRetried={onChanged} />
          ))}
        </ul>
      )}
    </div>
  );
}

function DeadItem({
  delivery,
  onRetried,
}: {
  readonly delivery: Delivery;
  readonly onRetried: () => Promise<void>;
}) {
  const { call } = useAgentStore();
  const { webhook_id, delivery_id, event, created_at } = delivery;
  const { isSending, error, press } = useSending(async () => {
    await call('retryWebhookDelivery', { params: { webhook_id, delivery_id } });
    await onRetried();
  });
  return (
    <li>
      <p className="access-entry">
        <code>{event}</code> <span className="hint">{formatExactly(created_at)}</span>
        <span className="hint">: {delivery.error}</span>
      </p>
      <button
        type="button"
        className="button small"
        aria-disabled={isSending}
        aria-label={`Send ${event} of ${formatExactly(created_at)} again`}
        onClick={() => void press()}
      >
        Send again
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </li>
  );
}
