import { type SubmitEvent, useId, useState } from 'react';
import { type AgentEventName, agentEventNameSchema } from '#shared/events';
import { useAgentStore } from '../panel/agent-context.tsx';
import { ChoiceGroup } from '../panel/choice-group.tsx';
import { useSending } from '../panel/use-sending.ts';

const NAMES = agentEventNameSchema.options;
const SELECTIONS = {
  all: { name: 'Everything', events: null, meaning: 'Every event, commands and viewers too.' },
  requests: {
    name: 'Requests',
    events: NAMES.filter((name) => name.endsWith('_approval_needed')),
    meaning: 'When somebody waits for a decision.',
  },
  sessions: {
    name: 'Sessions',
    events: NAMES.filter((name) => /_(started|stopped|dropped)$/.test(name) && !name.includes('command')),
    meaning: 'When a session starts and when it ends.',
  },
} as const satisfies Record<
  string,
  { name: string; events: readonly AgentEventName[] | null; meaning: string }
>;
type Selection = keyof typeof SELECTIONS;
const SELECTION_NAMES = {
  all: SELECTIONS.all.name,
  requests: SELECTIONS.requests.name,
  sessions: SELECTIONS.sessions.name,
} as const satisfies Record<Selection, string>;

/** Adds a webhook; `onMade` gets its secret. */
export function WebhookForm({ onMade }: { readonly onMade: (secret: string) => void }) {
  const { call } = useAgentStore();
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [selection, setSelection] = useState<Selection>('requests');
  const [nameId, urlId] = [useId(), useId()];
  const isComplete = name.trim() !== '' && url.trim() !== '';
  const { isSending, error, press } = useSending(async () => {
    const { events } = SELECTIONS[selection];
    const { secret } = await call('createWebhook', {
      body: { name, url: url.trim(), ...(events === null ? {} : { events: [...events] }) },
    });
    setName('');
    setUrl('');
    onMade(secret);
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (isComplete) void press();
  };
  return (
    <form className="card token-form" onSubmit={submit} aria-label="New webhook">
      <label htmlFor={nameId}>What is it for?</label>
      <input
        id={nameId}
        className="field"
        value={name}
        maxLength={200}
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
      />
      <label htmlFor={urlId}>Address</label>
      <input
        id={urlId}
        className="field"
        inputMode="url"
        placeholder="https://…"
        value={url}
        maxLength={2000}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => setUrl(event.target.value)}
      />
      <ChoiceGroup
        legend="It is told of"
        choices={Object.keys(SELECTIONS) as Selection[]}
        names={SELECTION_NAMES}
        meaning={SELECTIONS[selection].meaning}
        chosen={selection}
        onChoose={setSelection}
      />
      <button type="submit" className="button primary" aria-disabled={isSending || !isComplete}>
        {isSending ? 'Adding…' : 'Add a webhook'}
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
