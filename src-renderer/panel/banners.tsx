import { Advisories } from './advisories.tsx';
import { useAgent, useAgentStore } from './agent-context.tsx';
import { useSending } from './use-sending.ts';

/** What concerns the whole page: the agent is out of reach, or locked, or has something to say of itself. */
export function Banners() {
  const connection = useAgent((state) => state.connection);
  const locked = useAgent((state) => state.live.locked);
  const isOnNetwork = useAgent((state) => state.agent?.reach?.network === true);
  return (
    <>
      {connection === 'unreachable' && (
        <div className="banner unreachable" role="alert">
          <p>
            <strong>The agent cannot be reached.</strong> Trying again… What you see may be out of date.
          </p>
        </div>
      )}
      {isOnNetwork && (
        <div className="banner network" role="status">
          <p>
            <strong>Others on this network can reach the agent.</strong> Nobody gets in without a link, a
            token or your leave. <a href="#access">Who and where</a>
          </p>
        </div>
      )}
      {locked && <LockedBanner />}
      <Advisories />
    </>
  );
}

function LockedBanner() {
  const { call } = useAgentStore();
  const { isSending, error, press } = useSending(() => call('rearm'));
  return (
    <div className="banner locked" role="status">
      <p>
        <strong>Everything is stopped.</strong> No session can start until you allow it.
      </p>
      <button type="button" className="button" aria-disabled={isSending} onClick={() => void press()}>
        Allow sessions again
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
