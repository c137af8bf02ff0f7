import { type ReactNode, useId } from 'react';
import type { SessionType } from '#shared/sessions';
import { ViewLinks } from '../access/view-links.tsx';
import { RecordingControls } from '../recordings/recording-controls.tsx';
import type { Countdown } from '../sharing/use-countdown.ts';
import { TYPE_NAMES } from '../text/session-words.ts';
import { useAgent } from './agent-context.tsx';
import { CommandTimeline } from './command-timeline.tsx';
import { type ConnectView, deriveConnectView } from './connect-state.ts';
import { SessionFacts } from './session-facts.tsx';
import { StreamLink } from './stream-link.tsx';
import { ViewerList } from './viewer-list.tsx';

const PRESS_HINTS = {
  start: null,
  stop: 'Press again to stop.',
  cancel: 'Press again to cancel the request.',
} as const satisfies Record<NonNullable<ConnectView['press']>, string | null>;

/** The way back stands once, at the top of the page. */
const LOCKED_HINT = 'Everything is stopped. Allow sessions again above.';

/** One connect button with its choice above it and, below it, the session that this page started with it. */
export function ConnectCard({
  type,
  countdown,
  onStart,
  onStop,
  children,
}: {
  readonly type: SessionType;
  /** A start that can still be cancelled. */
  readonly countdown?: Countdown;
  readonly onStart: () => void;
  readonly onStop: () => void;
  /** The choice that a start takes. */
  readonly children: ReactNode;
}) {
  const own = useAgent((state) => state.own[type]);
  const session = useAgent((state) =>
    state.live.sessions.find(({ session_id: sessionId }) => sessionId === own.sessionId),
  );
  const locked = useAgent((state) => state.live.locked);
  const view = deriveConnectView(type, own, locked);
  const hintId = useId();
  const secondsLeft = countdown?.secondsLeft ?? null;
  const isCounting = secondsLeft !== null;
  const lockHint = view.isLocked ? LOCKED_HINT : null;
  const hint = isCounting ? 'Press again to cancel.' : view.press ? PRESS_HINTS[view.press] : lockHint;
  const press = () => {
    if (isCounting) countdown?.cancel();
    else if (view.press === 'start') onStart();
    else if (view.press !== null) onStop();
  };
  return (
    <section className="card connect" aria-label={TYPE_NAMES[type]}>
      {children}
      <button
        type="button"
        className="connect-button"
        data-tone={isCounting ? 'busy' : view.tone}
        // Not `disabled`, which would take the focus away from whoever pressed it with the keyboard.
        aria-disabled={view.press === null && !isCounting}
        aria-busy={view.tone === 'busy'}
        aria-describedby={hint ? hintId : undefined}
        onClick={press}
      >
        {isCounting ? `⏳ Starting in ${secondsLeft} s` : view.label}
      </button>
      {hint && (
        <p className="hint" id={hintId}>
          {hint}
        </p>
      )}
      <div className="connect-lines" role="status" data-tone={view.tone}>
        {view.session && (
          <p>
            Session: <code title={view.session.id}>{view.session.shortId}</code>
          </p>
        )}
        {view.status && <p>Status: {view.status}</p>}
        {view.explanation && <p className="explanation">{view.explanation}</p>}
      </div>
      {view.session && session && <SessionFacts session={session} />}
      {view.session?.streamUrl && <StreamLink path={view.session.streamUrl} />}
      {view.session && session?.type === 'screen_share' && (
        <>
          {session.status === 'active' && <RecordingControls session={session} />}
          <ViewerList sessionId={session.session_id} count={session.viewers} />
          <ViewLinks sessionId={session.session_id} />
        </>
      )}
      {session?.type === 'remote_access' && session.status === 'active' && (
        <CommandTimeline sessionId={session.session_id} />
      )}
      {view.error && (
        <p className="error" role="alert">
          {view.error}
        </p>
      )}
    </section>
  );
}
