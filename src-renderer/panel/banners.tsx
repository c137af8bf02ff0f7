import { Advisories } from './advisories.tsx';
import { useAgent } from './agent-context.tsx';
import { AllowAgain } from './allow-again.tsx';

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
  return (
    <div className="banner locked" role="status">
      <p>
        <strong>Everything is stopped.</strong> No session can start until you allow it.
      </p>
      <AllowAgain />
    </div>
  );
}
