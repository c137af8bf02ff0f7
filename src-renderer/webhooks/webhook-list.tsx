import { useCallback, useEffect, useState } from 'react';
import { SecretOnce } from '../access/secret-once.tsx';
import { useList } from '../access/use-list.ts';
import { useAgentStore } from '../panel/agent-context.tsx';
import { WebhookForm } from './webhook-form.tsx';
import { WebhookItem } from './webhook-item.tsx';

/** How old what is shown of the webhooks may get. */
const REFRESH_MS = 5000;

/** The webhooks and how they fare, each with its end, and a way to add one. */
export function WebhookList() {
  const { call, clock } = useAgentStore();
  const fetchWebhooks = useCallback(async () => (await call('listWebhooks')).webhooks, [call]);
  const { entries, error, reload } = useList(fetchWebhooks);
  const [secret, setSecret] = useState<string | null>(null);
  // Looks again a while after each answer, so that a slow agent is not asked faster than it can tell.
  useEffect(() => {
    if (entries === null && error === null) return;
    return clock.after(REFRESH_MS, () => void reload());
  }, [entries, error, clock, reload]);
  return (
    <section className="access-part" aria-labelledby="webhooks-heading">
      <h3 id="webhooks-heading">Webhooks</h3>
      <p className="hint">
        Events of this agent are sent to these addresses as they happen, signed with a secret. Whoever
        receives them learns who does what here and when.
      </p>
      {secret === null ? (
        <WebhookForm
          onMade={(made) => {
            setSecret(made);
            void reload();
          }}
        />
      ) : (
        <SecretOnce
          what="The secret to check signatures with"
          secret={secret}
          onDone={() => setSecret(null)}
        />
      )}
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      {entries && entries.length > 0 && (
        <ul className="access-list" aria-label="Webhooks">
          {entries.map((webhook) => (
            <WebhookItem key={webhook.webhook_id} webhook={webhook} onChanged={reload} />
          ))}
        </ul>
      )}
    </section>
  );
}
