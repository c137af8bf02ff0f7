import { useMemo } from 'react';
import { useAgent } from './agent-context.tsx';
import { selectSessionsElsewhere } from './connect-state.ts';
import { SessionCard } from './session-card.tsx';

/** Cards of all live sessions that this page did not start; nothing at all where there are none. */
export function SessionsElsewhere() {
  const sessions = useAgent((state) => state.live.sessions);
  const own = useAgent((state) => state.own);
  const elsewhere = useMemo(
    () => selectSessionsElsewhere(sessions, [own.remote_access, own.screen_share]),
    [sessions, own],
  );
  if (elsewhere.length === 0) return null;
  return (
    <section className="elsewhere" aria-labelledby="elsewhere-heading">
      <h2 id="elsewhere-heading">
        Started elsewhere <span className="count">{elsewhere.length}</span>
      </h2>
      <ul className="session-cards">
        {elsewhere.map((session) => (
          <SessionCard key={session.session_id} session={session} />
        ))}
      </ul>
    </section>
  );
}
