import { useCallback, useState } from 'react';
import type { Token } from '#shared/access';
import { useAgentStore } from '../panel/agent-context.tsx';
import { useSending } from '../panel/use-sending.ts';
import { formatAgo, formatExactly } from '../text/format-time.ts';
import { SecretOnce } from './secret-once.tsx';
import { TokenForm } from './token-form.tsx';
import { useList } from './use-list.ts';

/** The tokens that work, each with its end, and a way to make one. */
export function TokenList() {
  const { call } = useAgentStore();
  const fetchTokens = useCallback(async () => (await call('listTokens')).tokens, [call]);
  const { entries, error, reload } = useList(fetchTokens);
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <section className="access-part" aria-labelledby="tokens-heading">
      <h3 id="tokens-heading">Tokens</h3>
      <p className="hint">
        For people and programs that are not at this machine. AI agents get operator tokens.
      </p>
      {secret === null ? (
        <TokenForm
          onMade={(made) => {
            setSecret(made);
            void reload();
          }}
        />
      ) : (
        <SecretOnce what="The token" secret={secret} onDone={() => setSecret(null)} />
      )}
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      {entries && entries.length > 0 && (
        <ul className="access-list" aria-label="Tokens">
          {entries.map((token) => (
            <TokenItem key={token.token_id} token={token} onRevoked={reload} />
          ))}
        </ul>
      )}
    </section>
  );
}

function TokenItem({ token, onRevoked }: { readonly token: Token; readonly onRevoked: () => Promise<void> }) {
  const { call } = useAgentStore();
  const { isSending, error, press } = useSending(async () => {
    await call('revokeToken', { params: { token_id: token.token_id } });
    await onRevoked();
  });
  return (
    <li>
      <div className="access-entry">
        <p className="clamped" title={token.name}>
          🔑 <span className="who">{token.name}</span> <span className="tag">{token.role}</span>
        </p>
        <p className="hint">{describeLife(token)}</p>
      </div>
      <button
        type="button"
        className="button small danger-outline"
        aria-disabled={isSending}
        aria-label={`Revoke the token ${token.name}`}
        onClick={() => void press()}
      >
        {isSending ? 'Revoking…' : 'Revoke'}
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </li>
  );
}

function describeLife({ expires_at: expires, last_used_at: used }: Token): string {
  const until = expires === null ? 'Good until it is revoked' : `Good until ${formatExactly(expires)}`;
  return `${until}; ${used === null ? 'never used' : `last used ${formatAgo(Date.parse(used), Date.now())}`}.`;
}
