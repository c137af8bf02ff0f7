import { memo, useId, useState } from 'react';
import { isRecordingOn, type Recording, recordingUrl } from '#shared/recordings';
import { useAgentStore } from '../panel/agent-context.tsx';
import { useSending } from '../panel/use-sending.ts';
import { formatSize } from '../text/format-size.ts';
import { formatAgo, formatDuration, formatExactly } from '../text/format-time.ts';
import { explainRecording, RECORDING_STATES } from '../text/recording-words.ts';
import { QUALITY_NAMES } from '../text/session-words.ts';

/** One recording: of what and how long, with its player, and a way to delete it. `nowMs` is wall time. */
export const RecordingItem = memo(function RecordingItem({
  recording,
  nowMs,
}: {
  readonly recording: Recording;
  readonly nowMs: number;
}) {
  const { recording_id, session_id, user_id, state, reason, started_at, duration_seconds, size_bytes } =
    recording;
  const [isPlaying, setPlaying] = useState(false);
  const headId = useId();
  const isOn = isRecordingOn(state);
  const url = recordingUrl(recording_id);
  const trouble = explainRecording(recording);
  return (
    <li className="history-entry recording-entry">
      <div className="history-head">
        <h3 id={headId}>
          🎞️ Screen recording
          <span className="tag" data-recording={state}>
            {RECORDING_STATES[state]}
          </span>
        </h3>
        <time dateTime={started_at} title={formatExactly(started_at)}>
          {formatAgo(Date.parse(started_at), nowMs)}
        </time>
      </div>
      <p className="clamped" title={user_id}>
        <span className="who">{user_id}</span>{' '}
        {state === 'finished' && reason !== null && <span className="history-reason">{reason}</span>}
      </p>
      <ul className="facts">
        <li>{QUALITY_NAMES[recording.quality]}</li>
        <li>{formatDuration(duration_seconds)}</li>
        <li>{formatSize(size_bytes)}</li>
        <li>
          <code>{session_id}</code>
        </li>
      </ul>
      {trouble && <p className="trouble">{trouble}</p>}
      {isPlaying && (
        // There is no sound in it, and so nothing to caption.
        <video className="recording-player" src={url} controls autoPlay muted aria-labelledby={headId} />
      )}
      {!isOn && (
        <div className="recording-buttons">
          {size_bytes > 0 && (
            <>
              <button
                type="button"
                className="button small"
                aria-expanded={isPlaying}
                onClick={() => setPlaying(!isPlaying)}
              >
                {isPlaying ? 'Close' : 'Play'}
              </button>
              <a className="button small" href={url} download={`${recording_id}.webm`}>
                Download
              </a>
            </>
          )}
          <DeleteButton recordingId={recording_id} describedBy={headId} />
        </div>
      )}
    </li>
  );
});

/** Takes the focus over from the button that has made way for this one. */
function focusOnce(button: HTMLButtonElement | null): void {
  button?.focus();
}

/** Deletes what cannot be had back, so it asks once. */
function DeleteButton({
  recordingId,
  describedBy,
}: {
  readonly recordingId: string;
  readonly describedBy: string;
}) {
  const { call } = useAgentStore();
  const [isSure, setSure] = useState(false);
  const { isSending, error, press } = useSending(() =>
    call('deleteRecording', { params: { recording_id: recordingId } }),
  );
  if (!isSure) {
    return (
      <button
        type="button"
        className="button small danger-outline"
        aria-describedby={describedBy}
        onClick={() => setSure(true)}
      >
        Delete…
      </button>
    );
  }
  return (
    <fieldset className="recording-delete">
      <legend>Delete it for good?</legend>
      <button type="button" className="button small" ref={focusOnce} onClick={() => setSure(false)}>
        Keep
      </button>
      <button
        type="button"
        className="button small danger"
        aria-disabled={isSending}
        onClick={() => void press()}
      >
        {isSending ? 'Deleting…' : 'Delete'}
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}
