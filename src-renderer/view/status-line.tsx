import type { WatchState } from './share-watch.ts';
import type { Telling } from './watch-words.ts';

/** Always in view: whether this is live, and how well. */
export function StatusLine({ telling, state }: { readonly telling: Telling; readonly state: WatchState }) {
  const { figures, session, transport, phase } = state;
  const isWatching = phase.name === 'watching' && telling.notice === null;
  const who = session?.user_id;
  return (
    <div className="status-line">
      <span className="status-label" data-tone={telling.tone}>
        {telling.label}
      </span>
      {who !== undefined && (
        <span className="status-who" title={who}>
          {who}
        </span>
      )}
      {session?.recording?.state === 'recording' && (
        <span className="status-recording" title="What you see here is being recorded at the machine.">
          <span className="recording-dot" aria-hidden="true" /> Recording
        </span>
      )}
      {isWatching && transport === 'pictures' && (
        <span className="status-figure" title="A stream does not get through to this browser.">
          single pictures
        </span>
      )}
      {isWatching && figures.framesPerSecond !== null && (
        <span className="status-figure" title="Different pictures per second that this page shows">
          {describeRate(figures.framesPerSecond)}
        </span>
      )}
      {isWatching && figures.delayMs !== null && (
        <span
          className="status-figure"
          title={`From when the agent had captured a picture until it is drawn here, give or take ${Math.ceil(figures.delayErrorMs ?? 0)} ms`}
        >
          {Math.round(figures.delayMs)} ms delay
        </span>
      )}
    </div>
  );
}

function describeRate(framesPerSecond: number): string {
  if (framesPerSecond === 0) return 'still picture';
  return `${framesPerSecond < 9.5 ? framesPerSecond.toFixed(1) : Math.round(framesPerSecond)} fps`;
}
