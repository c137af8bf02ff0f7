import { useEffect, useState } from 'react';
import { copyText } from '../interaction/copy-text.ts';
import { useAgentStore } from './agent-context.tsx';

const ANSWER_SHOWN_MS = 2000;

/** Where a share can be watched: a link, and a button that copies the whole address. `path` is on this origin. */
export function StreamLink({ path }: { readonly path: string }) {
  const url = new URL(path, location.origin).href;
  const { clock } = useAgentStore();
  const [answer, setAnswer] = useState<'Copied' | 'Not copied' | null>(null);
  useEffect(() => {
    if (answer === null) return;
    return clock.after(ANSWER_SHOWN_MS, () => setAnswer(null));
  }, [answer, clock]);
  return (
    <div className="stream-link">
      <a href={url} target="_blank" rel="noreferrer" title={url}>
        {url}
      </a>
      <button
        type="button"
        className="button small"
        aria-label="Copy the stream address"
        onClick={async () => setAnswer((await copyText(url)) ? 'Copied' : 'Not copied')}
      >
        {answer ?? 'Copy'}
      </button>
      <span className="visually-hidden" role="status">
        {answer}
      </span>
    </div>
  );
}
