import type { Recording } from '#shared/recordings';
import { useSecondTicker } from '../interaction/second-ticker.ts';
import { useAgentStore } from '../panel/agent-context.tsx';
import { formatSize } from '../text/format-size.ts';
import { RECORDING_STATES } from '../text/recording-words.ts';
import { formatCount } from '../text/session-words.ts';
import { RecordingItem } from './recording-item.tsx';
import { useRecordings } from './use-recordings.ts';

const AGO_STEP_MS = 15_000;

/** All recordings, newest first, to play and to delete, and the room that they take. `query` searches among them. */
export function RecordingList({ query }: { readonly query: string }) {
  const { list, error } = useRecordings();
  const { clock } = useAgentStore();
  useSecondTicker();
  // In steps, so that a film that plays is not painted anew each second for nothing.
  const nowMs = Math.floor(clock.wallMs() / AGO_STEP_MS) * AGO_STEP_MS;
  const found = (list?.recordings ?? []).filter((recording) => matches(recording, query));
  return (
    <>
      <ul className="card history-entries" aria-label="Recordings">
        {found.map((recording) => (
          <RecordingItem key={recording.recording_id} recording={recording} nowMs={nowMs} />
        ))}
      </ul>
      <div className="history-foot">
        {list && (
          <>
            <p role="status">
              {list.total === 0
                ? 'Nothing has been recorded. A share is recorded when you press Record on its card.'
                : `${formatCount(found.length, 'recording')}${found.length < list.total ? ` of ${list.total}` : ''}`}
            </p>
            <RoomTaken used={list.used_bytes} limit={list.limit_bytes} />
          </>
        )}
        {error && (
          <p className="error" role="alert">
            {error}
          </p>
        )}
      </div>
    </>
  );
}

function RoomTaken({ used, limit }: { readonly used: number; readonly limit: number }) {
  const label = `${formatSize(used)} of ${formatSize(limit)} used`;
  return (
    <p className="room-taken">
      <meter min={0} max={limit} value={Math.min(used, limit)} high={limit * 0.9} aria-label={label} />{' '}
      {label}
    </p>
  );
}

function matches(recording: Recording, query: string): boolean {
  const { user_id, session_id, recording_id, reason, state } = recording;
  const text = [user_id, session_id, recording_id, reason ?? '', RECORDING_STATES[state]]
    .join('\n')
    .toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
