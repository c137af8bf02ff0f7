import { type FormEvent, useId } from 'react';
import { formatCountdown } from '../text/format-time.ts';
import type { WatchState } from './share-watch.ts';
import { REMEDY_WORDS, type Remedy, type Telling } from './watch-words.ts';

const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** What is told of a picture that is not live: what is going on, and what can be done about it. */
export function Notice({
  telling,
  state,
  nowMs,
  onRemedy,
  onAsk,
}: {
  readonly telling: Telling;
  readonly state: WatchState;
  /** On the monotonic clock. */
  readonly nowMs: number;
  readonly onRemedy: (remedy: Remedy) => void;
  readonly onAsk: (name: string) => void;
}) {
  const { notice, tone } = telling;
  if (!notice) return null;
  const { phase, pictureAtMs, retryAtMs } = state;
  const isAsking = phase.name === 'must_ask' || phase.name === 'asking';
  const remedy = notice.remedy;
  return (
    <div className="notice" data-form={notice.form}>
      <div className="notice-card">
        {tone === 'busy' && <span className="notice-spinner" aria-hidden="true" />}
        <h1>{notice.title}</h1>
        {notice.text && <p className="notice-text">{notice.text}</p>}
        {pictureAtMs !== null && !isAsking && (
          <p className="hint">Last picture: {clockTime.format(pictureAtMs)}</p>
        )}
        {retryAtMs !== null && phase.name === 'reconnecting' && (
          <p className="hint">Next attempt in {formatCountdown((retryAtMs - nowMs) / 1000)}</p>
        )}
        {isAsking && (
          <AskForm
            isSending={phase.name === 'asking'}
            trouble={phase.name === 'must_ask' ? phase.trouble : null}
            onAsk={onAsk}
          />
        )}
        {remedy && (
          <button
            type="button"
            className={remedy === 'resume' ? 'button primary' : 'button'}
            onClick={() => onRemedy(remedy)}
          >
            {REMEDY_WORDS[remedy]}
          </button>
        )}
      </div>
    </div>
  );
}

const MAX_NAME_LENGTH = 200;

function AskForm({
  isSending,
  trouble,
  onAsk,
}: {
  readonly isSending: boolean;
  readonly trouble: string | null;
  readonly onAsk: (name: string) => void;
}) {
  const nameId = useId();
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = new FormData(event.currentTarget).get('name');
    if (!isSending) onAsk(typeof name === 'string' ? name : '');
  };
  return (
    <form className="ask-form" onSubmit={onSubmit}>
      <label htmlFor={nameId}>Your name, so that they know who asks (optional)</label>
      <input
        id={nameId}
        className="field"
        name="name"
        maxLength={MAX_NAME_LENGTH}
        autoComplete="name"
        enterKeyHint="send"
      />
      <button type="submit" className="button primary" aria-disabled={isSending}>
        {isSending ? 'Asking…' : 'Ask to watch'}
      </button>
      {trouble && (
        <p className="error" role="alert">
          {trouble}
        </p>
      )}
    </form>
  );
}
