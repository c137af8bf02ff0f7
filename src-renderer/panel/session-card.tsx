import { useId } from 'react';
import type { LiveSession } from '#shared/sessions';
import { ViewLinks } from '../access/view-links.tsx';
import { RecordingControls } from '../recordings/recording-controls.tsx';
import { ShareControls } from '../sharing/share-controls.tsx';
import { TYPE_NAMES } from '../text/session-words.ts';
import { useAgentStore } from './agent-context.tsx';
import { CommandTimeline } from './command-timeline.tsx';
import { SessionFacts } from './session-facts.tsx';
import { StreamLink } from './stream-link.tsx';
import { useSending } from './use-sending.ts';
import { ViewerList } from './viewer-list.tsx';

/** A session that was started elsewhere, with its own stop. */
export function SessionCard({ session }: { readonly session: LiveSession }) {
  const { call } = useAgentStore();
  const headId = useId();
  const { session_id, user_id, type } = session;
  const isPending = session.status === 'pending_approval';
  const { isSending, error, press } = useSending(() =>
    type === 'remote_access'
      ? call('stopRemote', { params: { session_id } })
      : call('stopScreenShare', { body: { session_id } }),
  );
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
          aria-disabled={isSending}
          aria-describedby={headId}
          onClick={() => void press()}
        >
          {isSending ? 'Stopping…' : 'Stop'}
        </button>
      </div>
      <SessionFacts session={session} withId />
      {type === 'screen_share' && (
        <>
          {!isPending && <ShareControls session={session} />}
          {!isPending && <StreamLink path={session.stream_url} />}
          {!isPending && <RecordingControls session={session} />}
          <ViewerList sessionId={session_id} count={session.viewers} />
          {!isPending && <ViewLinks sessionId={session_id} />}
        </>
      )}
      {type === 'remote_access' && !isPending && <CommandTimeline sessionId={session_id} />}
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </li>
  );
}
