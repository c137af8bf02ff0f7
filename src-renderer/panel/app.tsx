import { useEffect } from 'react';
import { AccessView } from '../access/access-view.tsx';
import { LoginView } from '../access/login-view.tsx';
import { SettingsView } from '../settings/settings-view.tsx';
import { useAgent } from './agent-context.tsx';
import { Announcer } from './announcer.tsx';
import { AppHeader } from './app-header.tsx';
import { ApprovalList } from './approval-list.tsx';
import { Banners } from './banners.tsx';
import { ConnectCards } from './connect-cards.tsx';
import { HistoryView } from './history-view.tsx';
import { SessionsElsewhere } from './sessions-elsewhere.tsx';
import { useView } from './use-view.ts';

/** The panel. Requests stand above every view: whoever is looking at another must see them too. */
export function App() {
  const view = useView();
  const waiting = useAgent((state) => state.live.approvals.length);
  useEffect(() => {
    document.title = waiting === 0 ? 'Porthole' : `(${waiting}) Porthole`;
  }, [waiting]);
  const isRefused = useAgent((state) => state.connection === 'refused');
  if (isRefused) {
    return (
      <main>
        <LoginView />
      </main>
    );
  }
  return (
    <>
      <AppHeader view={view} />
      <main>
        <Banners />
        <ApprovalList />
        {view === 'sessions' && (
          <>
            <ConnectCards />
            <SessionsElsewhere />
          </>
        )}
        {view === 'history' && <HistoryView />}
        {view === 'access' && <AccessView />}
        {view === 'settings' && <SettingsView />}
      </main>
      <Announcer />
    </>
  );
}
