import type { Advisory } from '#shared/advisories';
import { useAgent, useAgentStore } from './agent-context.tsx';
import { useSending } from './use-sending.ts';
import { useView } from './use-view.ts';

/** What the agent has to say of itself, each with what can be done about it. */
export function Advisories() {
  const advisories = useAgent((state) => state.live.advisories);
  // The page of the settings says all of it by itself.
  const view = useView();
  const shown = advisories.filter(({ advisory_id: id }) => id !== 'settings' || view !== 'settings');
  return shown.map((advisory) => <AdvisoryBanner key={advisory.advisory_id} advisory={advisory} />);
}

function AdvisoryBanner({ advisory }: { readonly advisory: Advisory }) {
  const { level, title, message, action } = advisory;
  // What is done about it is done at the machine.
  const mayAct = useAgent(({ agent }) => agent?.you.kind === 'panel' || agent?.you.kind === 'local');
  return (
    <div className="banner advisory" data-level={level} role="status">
      <p>
        <strong>{title}</strong> {message} {action === 'open_settings' && <a href="#settings">Settings</a>}
      </p>
      {mayAct && action === 'download_update' && (
        <AdvisoryButton label="Download" endpoint="downloadUpdate" />
      )}
      {mayAct && action === 'open_screen_settings' && (
        <AdvisoryButton label="Open settings" endpoint="openScreenSettings" />
      )}
    </div>
  );
}

function AdvisoryButton({
  label,
  endpoint,
}: {
  readonly label: string;
  readonly endpoint: 'downloadUpdate' | 'openScreenSettings';
}) {
  const { call } = useAgentStore();
  const { isSending, error, press } = useSending(() => call(endpoint));
  return (
    <>
      <button type="button" className="button" aria-disabled={isSending} onClick={() => void press()}>
        {label}
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </>
  );
}
