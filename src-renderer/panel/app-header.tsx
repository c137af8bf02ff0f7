import { useAgent, useAgentStore } from './agent-context.tsx';
import { useSending } from './use-sending.ts';
import type { View } from './use-view.ts';

const CONNECTION_NAMES = {
  connecting: 'Connecting to the agent',
  live: 'Connected to the agent',
  polling: 'Connected to the agent, without live updates',
  unreachable: 'The agent cannot be reached',
  refused: 'The agent does not know you',
} as const;

/** The name, the views, and the button that ends everything, always at the top. */
export function AppHeader({ view }: { readonly view: View }) {
  const connection = useAgent((state) => state.connection);
  return (
    <header className="app-header">
      <div className="app-title">
        <Mark />
        <h1>Porthole</h1>
        <span className="connection" data-connection={connection} title={CONNECTION_NAMES[connection]}>
          <span className="visually-hidden">{CONNECTION_NAMES[connection]}</span>
        </span>
      </div>
      <nav aria-label="Views">
        <a className="view-link" href="#sessions" aria-current={view === 'sessions' ? 'page' : undefined}>
          Sessions
        </a>
        <a className="view-link" href="#history" aria-current={view === 'history' ? 'page' : undefined}>
          History
        </a>
        <a className="view-link" href="#access" aria-current={view === 'access' ? 'page' : undefined}>
          Access
        </a>
        <a className="view-link" href="#settings" aria-current={view === 'settings' ? 'page' : undefined}>
          Settings
        </a>
      </nav>
      <StopEverything />
    </header>
  );
}

function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <circle cx="12" cy="12" r="11" className="mark-rim" />
      <circle cx="12" cy="12" r="7" className="mark-glass" />
      <path d="M5.4 13.4c2.2-1.5 4.4-1.5 6.6 0s4.4 1.5 6.6 0A7 7 0 0 1 5.4 13.4Z" className="mark-sea" />
    </svg>
  );
}

/** Ends every session at once. Asks nothing back: the lock that it leaves behind is undone with one press. */
function StopEverything() {
  const { call } = useAgentStore();
  const { isSending, error, press } = useSending(() => call('stopAll'));
  return (
    <>
      <button
        type="button"
        className="button danger stop-everything"
        aria-disabled={isSending}
        onClick={() => void press()}
      >
        {isSending ? 'Stopping…' : 'Stop everything'}
      </button>
      {error && (
        <p className="error header-error" role="alert">
          Not everything was stopped. {error}
        </p>
      )}
    </>
  );
}
