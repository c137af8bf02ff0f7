import { useState } from 'react';
import type { BodyInputOf } from '#shared/api';
import { type Quality, qualitySchema } from '#shared/presets';
import type { LiveScreen } from '#shared/sessions';
import { describeFailure } from '../agent/api-client.ts';
import { useAgentStore } from '../panel/agent-context.tsx';
import { ChoiceGroup } from '../panel/choice-group.tsx';
import { describePreset, QUALITY_NAMES } from '../text/session-words.ts';
import { SourceRow } from './source-row.tsx';

/** What of a running share can be changed: what it shows, how well, and whether it is paused. */
export function ShareControls({ session }: { readonly session: LiveScreen }) {
  const { isSending, error, change } = useShareChange(session.session_id);
  const { paused, quality, source } = session;
  return (
    <div className="share-controls">
      <ChoiceGroup
        legend="Picture quality"
        choices={qualitySchema.options}
        names={QUALITY_NAMES}
        chosen={quality}
        meaning={describePreset(quality)}
        onChoose={(chosen: Quality) => void change({ quality: chosen })}
      />
      <SourceRow
        source={source}
        confirm="Share this instead"
        onChoose={({ id }) => {
          if (id !== null) void change({ source_id: id });
        }}
      />
      <button
        type="button"
        className={paused ? 'button primary' : 'button'}
        aria-disabled={isSending}
        onClick={() => void change({ paused: !paused })}
      >
        {paused ? '▶ Resume' : '⏸ Pause'}
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

/** Changes a share, one change at a time, and keeps why the last one failed. */
function useShareChange(sessionId: string) {
  const { call } = useAgentStore();
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const change = async (body: BodyInputOf<'updateScreenShare'>): Promise<void> => {
    if (isSending) return;
    setSending(true);
    setError(null);
    try {
      await call('updateScreenShare', { params: { session_id: sessionId }, body });
    } catch (failure) {
      setError(describeFailure(failure));
    } finally {
      setSending(false);
    }
  };
  return { isSending, error, change };
}
