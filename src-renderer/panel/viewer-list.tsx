import { useEffect, useState } from 'react';
import type { ViewerEntry } from '#shared/access';
import { nameViewer } from '#shared/viewer-name';
import { useAgentStore } from './agent-context.tsx';
import { useSending } from './use-sending.ts';

/** Who watches a share now, each with a way to send it away. `count` is how many the agent says there are. */
export function ViewerList({ sessionId, count }: { readonly sessionId: string; readonly count: number }) {
  const { call } = useAgentStore();
  const [viewers, setViewers] = useState<readonly ViewerEntry[]>([]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new `count` is why they are asked for again.
  useEffect(() => {
    let isCurrent = true;
    // A list that cannot be had leaves the last one, until the next viewer comes or goes.
    call('listViewers', { query: { session_id: sessionId } }).then(
      (answer) => {
        if (isCurrent) setViewers(answer.viewers);
      },
      () => undefined,
    );
    return () => {
      isCurrent = false;
    };
  }, [call, sessionId, count]);
  if (count === 0 || viewers.length === 0) return null;
  return (
    <ul className="viewer-list" aria-label="Who is watching">
      {viewers.map((viewer) => (
        <ViewerItem key={viewer.viewer_id} viewer={viewer} />
      ))}
    </ul>
  );
}

function ViewerItem({ viewer }: { readonly viewer: ViewerEntry }) {
  const { call } = useAgentStore();
  const { isSending, error, press } = useSending(() =>
    call('kickViewer', { params: { viewer_id: viewer.viewer_id } }),
  );
  const { address, admitted_by: admittedBy, user_agent: userAgent } = viewer;
  const name = nameViewer({ name: viewer.name, isOwn: admittedBy === 'local', userAgent, address });
  return (
    <li>
      <span className="clamped" title={userAgent ?? undefined}>
        👁️ {name}
        {viewer.name !== null && <span className="hint"> {address}</span>}
      </span>
      <button
        type="button"
        className="button small"
        aria-disabled={isSending}
        aria-label={`Disconnect ${name}`}
        onClick={() => void press()}
      >
        Disconnect
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </li>
  );
}
