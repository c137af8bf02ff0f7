import { useEffect, useState } from 'react';
import { copyText } from '../interaction/copy-text.ts';
import { useAgentStore } from '../panel/agent-context.tsx';

const ANSWER_SHOWN_MS = 2000;

/** A secret that was just made, which nobody can show again, with a button that copies it. */
export function SecretOnce({
  what,
  secret,
  onDone,
}: {
  /** What it is, such as `The token`. */
  readonly what: string;
  readonly secret: string;
  readonly onDone: () => void;
}) {
  const { clock } = useAgentStore();
  const [answer, setAnswer] = useState<'Copied' | 'Not copied' | null>(null);
  useEffect(() => {
    if (answer === null) return;
    return clock.after(ANSWER_SHOWN_MS, () => setAnswer(null));
  }, [answer, clock]);
  return (
    <div className="secret-once" role="status">
      <p>{what} is shown this once:</p>
      <code className="secret-text">{secret}</code>
      <div className="secret-buttons">
        <button
          type="button"
          className="button small"
          onClick={async () => setAnswer((await copyText(secret)) ? 'Copied' : 'Not copied')}
        >
          {answer ?? 'Copy'}
        </button>
        <button type="button" className="button small" onClick={onDone}>
          Done
        </button>
      </div>
    </div>
  );
}
