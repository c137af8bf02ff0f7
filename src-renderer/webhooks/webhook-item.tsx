import { useState } from 'react';
import type { Webhook } from '#shared/webhooks';
import { useAgentStore } from '../panel/agent-context.tsx';
import { useSending } from '../panel/use-sending.ts';
import { formatAgo, formatExactly } from '../text/format-time.ts';
import { DeadDeliveries } from './dead-deliveries.tsx';

/** One webhook: where it sends, how it fares, a try, and its end. */
export function WebhookItem({
  webhook,
  onChanged,
}: {
  readonly webhook: Webhook;
  readonly onChanged: () => Promise<void>;
}) {
  const { call } = useAgentStore();
  const { webhook_id, name, url, events } = webhook;
  const params = { webhook_id };
  const [answer, setAnswer] = useState<string | null>(null);
  const test = useSending(async () => {
    setAnswer(null);
    const { delivered, error } = await call('testWebhook', { params });
    setAnswer(delivered ? 'The test got through.' : `The test did not get through: ${error}.`);
    await onChanged();
  });
  const remove = useSending(async () => {
    await call('deleteWebhook', { params });
    await onChanged();
  });
  const enable = useSending(async () => {
    await call('enableWebhook', { params });
    await onChanged();
  });
  const failure = test.error ?? remove.error ?? enable.error;
  const isOff = webhook.disabled_at !== null;
  return (
    <li className="webhook">
      <div className="access-entry">
        <p className="clamped" title={name}>
          📤 <span className="who">{name}</span>{' '}
          <span className="tag">{events === null ? 'everything' : count(events.length, 'kind')}</span>
        </p>
        <p className="hint webhook-url">{url}</p>
        <p className="hint">{describeLife(webhook)}</p>
      </div>
      <div className="secret-buttons">
        {isOff && (
          <button
            type="button"
            className="button small"
            aria-disabled={enable.isSending}
            aria-label={`Switch on the webhook ${name}`}
            onClick={() => void enable.press()}
          >
            {enable.isSending ? 'Switching on…' : 'Switch on'}
          </button>
        )}
        <button
          type="button"
          className="button small"
          aria-disabled={test.isSending}
          aria-label={`Test the webhook ${name}`}
          onClick={() => void test.press()}
        >
          {test.isSending ? 'Testing…' : 'Test'}
        </button>
        <button
          type="button"
          className="button small danger-outline"
          aria-disabled={remove.isSending}
          aria-label={`Remove the webhook ${name}`}
          onClick={() => void remove.press()}
        >
          {remove.isSending ? 'Removing…' : 'Remove'}
        </button>
      </div>
      {webhook.disabled_at !== null && (
        <p className="trouble webhook-note">
          Off since {formatExactly(webhook.disabled_at)}: its receiver said that it wants nothing more, and
          gets nothing until you switch it on.
        </p>
      )}
      {webhook.last_error !== null && !isOff && (
        <p className="trouble webhook-note">
          The last attempt failed: {webhook.last_error}.
          {webhook.failures > 0 && ` ${count(webhook.failures, 'attempt')} in a row; it goes on trying.`}
        </p>
      )}
      {answer !== null && (
        <p className="hint webhook-note" role="status">
          {answer}
        </p>
      )}
      {failure && (
        <p className="error webhook-note" role="alert">
          {failure}
        </p>
      )}
      {webhook.dead > 0 && <DeadDeliveries webhook={webhook} onChanged={onChanged} />}
    </li>
  );
}

function describeLife({ last_delivered_at: last, pending }: Webhook): string {
  const delivered =
    last === null ? 'Nothing sent yet' : `Last sent ${formatAgo(Date.parse(last), Date.now())}`;
  return pending === 0 ? `${delivered}.` : `${delivered}; ${count(pending, 'event')} waiting.`;
}

function count(many: number, what: string): string {
  return many === 1 ? `1 ${what}` : `${many} ${what}s`;
}
