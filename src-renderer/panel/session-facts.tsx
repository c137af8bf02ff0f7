import type { CaptureState, LiveSession } from '#shared/sessions';
import { useSecondTicker } from '../interaction/second-ticker.ts';
import { formatDuration } from '../text/format-time.ts';
import { formatCount, MODE_NAMES, QUALITY_NAMES } from '../text/session-words.ts';
import { useAgent, useAgentStore } from './agent-context.tsx';

/** How long a live session has been on and what it has done so far, in one line, and what ails its picture. */
export function SessionFacts({
  session,
  withId = false,
}: {
  readonly session: LiveSession;
  /** Whether the whole id is shown, too. */
  readonly withId?: boolean;
}) {
  const receivedAtMs = useAgent((state) => state.live.receivedAtMs);
  const { clock } = useAgentStore();
  useSecondTicker();
  const seconds = session.duration_seconds + (clock.monotonicMs() - receivedAtMs) / 1000;
  return (
    <>
      <ul className="facts">
        <li>
          {session.type === 'remote_access' ? MODE_NAMES[session.safety_mode] : describePicture(session)}
        </li>
        <li>
          <time dateTime={session.started_at}>{formatDuration(seconds)}</time>
        </li>
        {session.type === 'remote_access' ? (
          <li>{formatCount(session.commands_executed, 'command')}</li>
        ) : (
          <>
            <li>{formatCount(session.frames_captured, 'frame')}</li>
            <li>{formatCount(session.viewers, 'viewer')}</li>
          </>
        )}
        {withId && (
          <li>
            <code>{session.session_id}</code>
          </li>
        )}
      </ul>
      {session.type === 'screen_share' && <CaptureTrouble capture={session.capture} />}
    </>
  );
}

type LiveShare = Extract<LiveSession, { type: 'screen_share' }>;

function describePicture({ quality, frame_size: size }: LiveShare): string {
  return size ? `${QUALITY_NAMES[quality]}, ${size.width} × ${size.height}` : QUALITY_NAMES[quality];
}

const CAPTURE_STATES: Readonly<Record<Exclude<CaptureState['state'], 'live'>, string>> = {
  starting: 'The picture is starting.',
  recovering: 'The picture was lost and is being restored.',
  failed: 'There is no picture; the agent keeps trying.',
  paused: 'The picture is paused.',
  hidden: 'The shared window is minimised.',
  gone: 'What was shared is no longer there.',
};

function CaptureTrouble({ capture }: { readonly capture: CaptureState }) {
  if (capture.state === 'live') return null;
  return (
    <p className={isTrouble(capture) ? 'trouble' : 'hint'}>
      {capture.message ?? CAPTURE_STATES[capture.state]}
    </p>
  );
}

function isTrouble({ state }: CaptureState): boolean {
  return state === 'recovering' || state === 'failed' || state === 'gone';
}
