import type { Advisory } from '#shared/advisories';
import { useAgent } from './agent-context.tsx';

/** What the agent has to say of itself, each with what can be done about it. */
export function Advisories() {
  const advisories = useAgent((state) => state.live.advisories);
  return advisories.map((advisory) => <AdvisoryBanner key={advisory.advisory_id} advisory={advisory} />);
}

function AdvisoryBanner({ advisory }: { readonly advisory: Advisory }) {
  const { level, title, message, action } = advisory;
  return (
    <div className="banner advisory" data-level={level} role="status">
      <p>
        <strong>{title}</strong> {message} {action === 'open_settings' && <a href="#settings">Settings</a>}
      </p>
    </div>
  );
}
