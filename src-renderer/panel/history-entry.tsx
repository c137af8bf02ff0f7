import { memo } from 'react';
import type { ArchivedSession } from '#shared/sessions';
import { formatAgo, formatDuration, formatExactly } from '../text/format-time.ts';
import { END_NAMES, formatCount, MODE_NAMES, QUALITY_NAMES, TYPE_NAMES } from '../text/session-words.ts';
import { CommandTimeline } from './command-timeline.tsx';

/** One ended session: whose, what it did, and when, how and why it ended. `nowMs` is wall time. */
export const HistoryEntry = memo(function HistoryEntry({
  entry,
  nowMs,
}: {
  readonly entry: ArchivedSession;
  readonly nowMs: number;
}) {
  const isRemote = entry.type === 'remote_access';
  return (
    <li className="history-entry">
      <div className="history-head">
        <h3>
          {isRemote ? '🔒' : '📺'} {TYPE_NAMES[entry.type]}
          <span className="tag" data-end={entry.status}>
            {END_NAMES[entry.status]}
          </span>
        </h3>
        <time dateTime={entry.stopped_at} title={describeSpan(entry)}>
          {formatAgo(Date.parse(entry.stopped_at), nowMs)}
        </time>
      </div>
      <p className="clamped" title={`${entry.user_id}: ${entry.stop_reason}`}>
        <span className="who">{entry.user_id}</span>{' '}
        <span className="history-reason">{entry.stop_reason}</span>
      </p>
      <ul className="facts">
        <li>{isRemote ? MODE_NAMES[entry.safety_mode] : QUALITY_NAMES[entry.quality]}</li>
        <li>{formatDuration(entry.duration_seconds)}</li>
        <li>
          {isRemote
            ? formatCount(entry.commands_executed, 'command')
            : formatCount(entry.frames_captured, 'frame')}
        </li>
        <li>
          <code>{entry.session_id}</code>
        </li>
      </ul>
      {isRemote && <CommandTimeline sessionId={entry.session_id} />}
    </li>
  );
});

function describeSpan({ started_at, stopped_at }: ArchivedSession): string {
  return `Started ${formatExactly(started_at)}, ended ${formatExactly(stopped_at)}`;
}
