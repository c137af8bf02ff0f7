import { useAgent, useAgentStore } from '../panel/agent-context.tsx';
import { useSending } from '../panel/use-sending.ts';
import { WebhookList } from '../webhooks/webhook-list.tsx';
import { TokenList } from './token-list.tsx';

/** Who can reach the agent, and with what. */
export function AccessView() {
  const agent = useAgent((state) => state.agent);
  return (
    <section className="access" aria-labelledby="access-heading">
      <h2 id="access-heading" className="visually-hidden">
        Access
      </h2>
      {agent && <Reach {...agent.reach} />}
      <TokenList />
      <WebhookList />
      {agent?.you.kind === 'admin' && <LogOut name={agent.you.name} />}
    </section>
  );
}

function Reach({
  network,
  urls,
  tls_fingerprint: fingerprint,
}: {
  readonly network: boolean;
  readonly urls: readonly string[];
  readonly tls_fingerprint: string | null;
}) {
  const [here, ...others] = urls;
  return (
    <section className="access-part" aria-labelledby="reach-heading">
      <h3 id="reach-heading">Where it can be reached</h3>
      <div className="card">
        <p>
          On this machine: <code>{here}</code>
        </p>
        <p className="hint">
          What programs can ask for there, with a page to try it: <code>{here}/docs</code>
        </p>
        {network ? (
          <p>
            On the network:{' '}
            {others.map((url) => (
              <code key={url} className="reach-url">
                {url}
              </code>
            ))}
          </p>
        ) : (
          <p className="hint">
            Nobody else can reach it. “Allow viewers on this network” is in the{' '}
            <a href="#settings">settings</a>.
          </p>
        )}
        {network && fingerprint === null && (
          <p className="trouble">
            Without HTTPS whoever is on the same network can read what goes to and fro, tokens too.
          </p>
        )}
        {fingerprint !== null && (
          <p>
            Certificate (SHA-256): <code className="fingerprint">{fingerprint}</code>
          </p>
        )}
      </div>
    </section>
  );
}

function LogOut({ name }: { readonly name: string | null }) {
  const store = useAgentStore();
  const { isSending, error, press } = useSending(async () => {
    await store.call('logOut');
    await store.refresh();
  });
  return (
    <section className="access-part">
      <p>
        You are here with the token <span className="who">{name}</span>.
      </p>
      <button type="button" className="button" aria-disabled={isSending} onClick={() => void press()}>
        Log out
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </section>
  );
}
