import { useId, useState } from 'react';
import type { LiveSession } from '#shared/sessions';
import { describeFailure } from '../agent/api-client.ts';
import { TYPE_NAMES } from '../text/session-words.ts';
import { useAgentStore } from './agent-context.tsx';
import { SessionFacts } from './session-facts.tsx';
import { StreamLink } from './stream-link.tsx';

/** A session that was started elsewhere, with its own stop. */
export function SessionCard({ session }: { readonly session: LiveSession }) {
  const { call } = useAgentStore();
  const [isStopping, setStopping] = useState(false);
  const headId = useId();
  const [error, setError] = useState<string | null>(null);
  const { session_id, user_id, type } = session;
  const isPending = session.status === 'pending_approval';
  const stop = async () => {
    if (isStopping) return;
    setStopping(true);
    setError(null);
    try {
      if (type === 'remote_access') await call('stopRemote', { params: { session_id } });
      else await call('stopScreenShare', { body: { session_id } });
    } catch (failure) {
      setError(describeFailure(failure));
    } finally {
      setStopping(false);
    }
  };
  return (
    <li className="card session-card" data-status={session.status}>
      <div className="session-card-head">
        <div id={headId}>
          <h3>
            {type === 'remote_access' ? '🔓' : '📺'} {TYPE_NAMES[type]}
            {isPending && <span className="tag pending">Pending approval</span>}
          </h3>
          <p className="who clamped" title={user_id}>
            {user_id}
          </p>
        </div>
        <button
          type="button"
          className="button danger-outline"
          aria-disabled={isStopping}
          aria-describedby={headId}
          onClick={() => void stop()}
        >
          {isStopping ? 'Stopping…' : 'Stop'}
        </button>
      </div>
      <SessionFacts session={session} withId />
      {type === 'screen_share' && <StreamLink path={session.stream_url} />}
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </li>
  );
}
