import { useEffect, useState } from 'react';
import type { Clock } from '../agent/clock.ts';
import { copyText } from './copy-text.ts';

const ANSWER_SHOWN_MS = 2000;

/** A button that copies `text`, and says for a moment whether it could. */
export function CopyButton({
  text,
  clock,
  children = 'Copy',
  label,
}: {
  readonly text: string;
  readonly clock: Clock;
  /** What stands on it. */
  readonly children?: string;
  /** What it is called where that says too little. */
  readonly label?: string;
}) {
  const [answer, setAnswer] = useState<'Copied' | 'Not copied' | null>(null);
  useEffect(() => {
    if (answer === null) return;
    return clock.after(ANSWER_SHOWN_MS, () => setAnswer(null));
  }, [answer, clock]);
  return (
    <>
      <button
        type="button"
        className="button small"
        aria-label={label}
        onClick={async () => setAnswer((await copyText(text)) ? 'Copied' : 'Not copied')}
      >
        {answer ?? children}
      </button>
      <span className="visually-hidden" role="status">
        {answer}
      </span>
    </>
  );
}
