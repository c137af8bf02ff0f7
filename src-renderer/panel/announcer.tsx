import { useAgent } from './agent-context.tsx';

/** Tells screen readers what happens to sessions that this page did not start; its own tell of themselves. */
export function Announcer() {
  const latest = useAgent((state) => state.live.recentEvents.at(-1));
  const own = useAgent((state) => state.own);
  const { session_id: sessionId } = latest?.data ?? {};
  const isOwn =
    sessionId !== undefined &&
    (sessionId === own.remote_access.sessionId || sessionId === own.screen_share.sessionId);
  const mustBeHeard = latest?.event === 'remote_session_approval_needed';
  return (
    <div className="visually-hidden" aria-live="polite">
      {latest && (mustBeHeard || !isOwn) && <p key={latest.seq}>{latest.data.message}</p>}
    </div>
  );
}
