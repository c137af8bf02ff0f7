import { useCallback, useState } from 'react';
import type { ViewKey } from '#shared/access';
import { isOpenedOutside, linkBase } from '../agent/link-base.ts';
import { useAgent, useAgentStore } from '../panel/agent-context.tsx';
import { useSending } from '../panel/use-sending.ts';
import { QrButton } from '../sharing/qr-button.tsx';
import { formatExactly } from '../text/format-time.ts';
import { SecretOnce } from './secret-once.tsx';
import { useList } from './use-list.ts';

/** The links of a share that let others watch it, folded away until somebody wants them. */
export function ViewLinks({ sessionId }: { readonly sessionId: string }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="view-links" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Links for others</summary>
      {isOpen && <LinkList sessionId={sessionId} />}
    </details>
  );
}

function LinkList({ sessionId }: { readonly sessionId: string }) {
  const { call } = useAgentStore();
  const reach = useAgent((state) => state.agent?.reach);
  const params = { session_id: sessionId };
  const fetchKeys = useCallback(
    async () => (await call('listViewKeys', { params: { session_id: sessionId } })).keys,
    [call, sessionId],
  );
  const { entries, error, reload } = useList(fetchKeys);
  const [made, setMade] = useState<{ readonly viewer: string; readonly stream: string } | null>(null);
  const make = useSending(async () => {
    const key = await call('createViewKey', { params });
    const base = linkBase(location, reach);
    setMade({ viewer: new URL(key.view_url, base).href, stream: new URL(key.stream_url, base).href });
    await reload();
  });
  return (
    <div className="view-links-content">
      {reach?.network === false && !isOpenedOutside(location) && (
        <p className="hint">Only programs on this machine can use them while the network is switched off.</p>
      )}
      {made === null ? (
        <button
          type="button"
          className="button small"
          aria-disabled={make.isSending}
          onClick={() => void make.press()}
        >
          {make.isSending ? 'Making…' : 'Make a link'}
        </button>
      ) : (
        <>
          <SecretOnce what="The link" secret={made.viewer} onDone={() => setMade(null)}>
            <QrButton link={made.viewer} />
          </SecretOnce>
          <details>
            <summary>The same for players, such as VLC or OBS</summary>
            <code className="secret-text">{made.stream}</code>
          </details>
        </>
      )}
      {(make.error ?? error) && (
        <p className="error" role="alert">
          {make.error ?? error}
        </p>
      )}
      {entries && entries.length > 0 && (
        <ul className="access-list" aria-label="Links for others">
          {entries.map((key) => (
            <LinkItem key={key.key_id} viewKey={key} onRevoked={reload} />
          ))}
        </ul>
      )}
    </div>
  );
}

function LinkItem({
  viewKey,
  onRevoked,
}: {
  readonly viewKey: ViewKey;
  readonly onRevoked: () => Promise<void>;
}) {
  const { call } = useAgentStore();
  const { key_id, session_id, name, created_at } = viewKey;
  const { isSending, error, press } = useSending(async () => {
    await call('revokeViewKey', { params: { session_id, key_id } });
    await onRevoked();
  });
  return (
    <li>
      <p className="clamped access-entry" title={name}>
        🔗 {name}
        <span className="hint"> made {formatExactly(created_at)}</span>
      </p>
      <button
        type="button"
        className="button small danger-outline"
        aria-disabled={isSending}
        aria-label={`Revoke the link ${name} of ${formatExactly(created_at)}`}
        onClick={() => void press()}
      >
        Revoke
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </li>
  );
}
