import { useEffect, useState } from 'react';
import type { UpdateState } from '#shared/updates';
import { useAgent, useAgentStore } from '../panel/agent-context.tsx';
import { useSending } from '../panel/use-sending.ts';

/** Which Porthole this is, whether there is a newer one, and what to hand to whoever helps. */
export function AboutAgent({ mayChange }: { readonly mayChange: boolean }) {
  const version = useAgent(({ agent }) => agent?.version);
  const advice = useAgent(
    ({ live }) => live.advisories.find(({ advisory_id: id }) => id === 'update')?.message,
  );
  return (
    <section className="settings-group">
      <h3>About</h3>
      <div className="card about-agent">
        <p>
          <strong>Porthole {version}</strong>
        </p>
        {/* Fetched anew when the agent has something else to say of updates. */}
        <Updates key={advice ?? ''} mayCheck={mayChange} />
        <p className="setting-about">
          Diagnostics help whoever helps you: the end of the log, the settings without what people wrote in
          them, and facts of this machine. No secrets, no names, nothing of commands.
        </p>
        <a className="button small" href="/api/diagnostics" download>
          Save diagnostics
        </a>
      </div>
    </section>
  );
}

function Updates({ mayCheck }: { readonly mayCheck: boolean }) {
  const { call } = useAgentStore();
  const [updates, setUpdates] = useState<UpdateState | null>(null);
  const { isSending, error, press } = useSending(async () => setUpdates(await call('checkForUpdate')));
  useEffect(() => {
    call('updateState').then(setUpdates, () => setUpdates(null));
  }, [call]);
  if (!updates) return null;
  const canCheck = updates.state !== 'off' && updates.state !== 'unavailable';
  return (
    <>
      <p className="setting-about" role="status">
        {updates.message}
      </p>
      {mayCheck && canCheck && (
        <button type="button" className="button small" aria-disabled={isSending} onClick={() => void press()}>
          {isSending ? 'Looking…' : 'Look for updates'}
        </button>
      )}
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </>
  );
}
