import { isRecordingOn, type ShareRecording } from '#shared/recordings';
import type { LiveScreen } from '#shared/sessions';
import { useSecondTicker } from '../interaction/second-ticker.ts';
import { useAgent, useAgentStore } from '../panel/agent-context.tsx';
import { useSending } from '../panel/use-sending.ts';
import { formatSize } from '../text/format-size.ts';
import { formatDuration } from '../text/format-time.ts';
import { explainRecording } from '../text/recording-words.ts';

/** Whether a share is recorded, plainly, with the ways to begin that, to pause it and to end it. */
export function RecordingControls({ session }: { readonly session: LiveScreen }) {
  const { session_id, recording } = session;
  const isOn = recording !== null && isRecordingOn(recording.state);
  return (
    <section
      className="recording-controls"
      aria-label="Recording"
      data-state={isOn ? recording.state : 'off'}
    >
      {isOn ? (
        <RunningRecording recording={recording} hasPicture={session.capture.state === 'live'} />
      ) : (
        <LastRecording recording={recording} />
      )}
      <div className="recording-buttons">
        {isOn ? (
          <>
            {recording.state === 'recording' ? (
              <RecordButton sessionId={session_id} state="paused" label="Pause recording" />
            ) : (
              <RecordButton sessionId={session_id} state="recording" label="Go on recording" />
            )}
            <RecordButton sessionId={session_id} state="stopped" label="End recording" />
          </>
        ) : (
          <RecordButton sessionId={session_id} state="recording" label="Record" />
        )}
      </div>
    </section>
  );
}

function RunningRecording({
  recording,
  hasPicture,
}: {
  readonly recording: ShareRecording;
  /** Whether there is anything to record at the moment. */
  readonly hasPicture: boolean;
}) {
  const receivedAtMs = useAgent((state) => state.live.receivedAtMs);
  const { clock } = useAgentStore();
  useSecondTicker();
  const isRecording = recording.state === 'recording';
  const sinceSeconds = isRecording && hasPicture ? (clock.monotonicMs() - receivedAtMs) / 1000 : 0;
  return (
    <p className="recording-line" role="status">
      <span className="recording-dot" aria-hidden="true" />
      <strong>{describeRunning(isRecording, hasPicture)}</strong>
      <span className="recording-figures" aria-live="off">
        {formatDuration(recording.duration_seconds + sinceSeconds)} · {formatSize(recording.size_bytes)}
      </span>
    </p>
  );
}

function describeRunning(isRecording: boolean, hasPicture: boolean): string {
  if (!isRecording) return 'Recording paused';
  return hasPicture ? 'Recording' : 'Recording, once there is a picture';
}

/** What became of the last recording of a share that is not recorded now. */
function LastRecording({ recording }: { readonly recording: ShareRecording | null }) {
  if (recording === null) return <p className="hint">This share is not being recorded.</p>;
  const trouble = explainRecording(recording);
  const figures = `${formatDuration(recording.duration_seconds)} · ${formatSize(recording.size_bytes)}`;
  return (
    <div role="status">
      {trouble && <p className="trouble">{trouble}</p>}
      <p className="hint">
        {recording.size_bytes > 0 ? (
          <>
            Not recording. <a href="#recordings">Recorded {figures}</a>
            {recording.state === 'finished' && recording.reason !== null && `. ${recording.reason}.`}
          </>
        ) : (
          'Not recording.'
        )}
      </p>
    </div>
  );
}

function RecordButton({
  sessionId,
  state,
  label,
}: {
  readonly sessionId: string;
  readonly state: 'recording' | 'paused' | 'stopped';
  readonly label: string;
}) {
  const { call } = useAgentStore();
  const { isSending, error, press } = useSending(() =>
    call('recordShare', { params: { session_id: sessionId }, body: { state } }),
  );
  return (
    <>
      <button type="button" className="button small" aria-disabled={isSending} onClick={() => void press()}>
        {label}
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </>
  );
}
