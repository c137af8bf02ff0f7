import { useId, useState } from 'react';
import { CommandEntry } from './command-entry.tsx';
import { useCommands } from './use-commands.ts';

/** What was done in a session, newest first, shown once it is asked for. */
export function CommandTimeline({ sessionId }: { readonly sessionId: string }) {
  const [isOpen, setOpen] = useState(false);
  const listId = useId();
  return (
    <div className="timeline">
      <button
        type="button"
        className="button small"
        aria-expanded={isOpen}
        aria-controls={listId}
        onClick={() => setOpen(!isOpen)}
      >
        {isOpen ? 'Hide commands' : 'Show commands'}
      </button>
      <div id={listId}>{isOpen && <CommandList sessionId={sessionId} />}</div>
    </div>
  );
}

function CommandList({ sessionId }: { readonly sessionId: string }) {
  const { commands, total, error, loadMore } = useCommands(sessionId);
  const loaded = commands?.length ?? 0;
  return (
    <>
      {commands?.length === 0 && <p className="hint">Nothing was asked for in this session.</p>}
      <ol className="timeline-entries">
        {commands?.map((command) => (
          <CommandEntry key={command.command_id} command={command} />
        ))}
      </ol>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      <div className="timeline-foot">
        {(loaded < total || error) && (
          <button type="button" className="button small" onClick={loadMore}>
            {error ? 'Try again' : `Load more of ${total}`}
          </button>
        )}
        {loaded > 0 && (
          <a href={`/api/remote/export/${sessionId}`} download>
            Export as JSON lines
          </a>
        )}
      </div>
    </>
  );
}
