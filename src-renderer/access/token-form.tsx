import { type SubmitEvent, useId, useState } from 'react';
import { type TokenRole, tokenRoleSchema } from '#shared/access';
import { useAgentStore } from '../panel/agent-context.tsx';
import { ChoiceGroup } from '../panel/choice-group.tsx';
import { useSending } from '../panel/use-sending.ts';

const ROLE_NAMES = { admin: 'Admin', operator: 'Operator' } as const satisfies Record<TokenRole, string>;

const ROLE_MEANINGS = {
  admin: 'Decides everything in your place, from anywhere.',
  operator: 'Asks you before each session, and works in its own only.',
} as const satisfies Record<TokenRole, string>;

const DAY_SECONDS = 86_400;
const LIFETIMES = {
  '1 day': DAY_SECONDS,
  '30 days': 30 * DAY_SECONDS,
  '1 year': 365 * DAY_SECONDS,
  forever: null,
};
type Lifetime = keyof typeof LIFETIMES;
const LIFETIME_NAMES = {
  '1 day': '1 day',
  '30 days': '30 days',
  '1 year': '1 year',
  forever: 'Until revoked',
};

/** Makes a token; `onMade` gets its secret. */
export function TokenForm({ onMade }: { readonly onMade: (secret: string) => void }) {
  const { call } = useAgentStore();
  const [name, setName] = useState('');
  const [role, setRole] = useState<TokenRole>('operator');
  const [lifetime, setLifetime] = useState<Lifetime>('30 days');
  const nameId = useId();
  const { isSending, error, press } = useSending(async () => {
    const seconds = LIFETIMES[lifetime];
    const { token } = await call('createToken', {
      body: { name, role, ...(seconds === null ? {} : { expires_in_seconds: seconds }) },
    });
    setName('');
    onMade(token);
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (name.trim() !== '') void press();
  };
  return (
    <form className="card token-form" onSubmit={submit} aria-label="New token">
      <label htmlFor={nameId}>Who or what is it for?</label>
      <input
        id={nameId}
        className="field"
        value={name}
        maxLength={200}
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
      />
      <ChoiceGroup
        legend="It may"
        choices={tokenRoleSchema.options}
        names={ROLE_NAMES}
        meaning={ROLE_MEANINGS[role]}
        chosen={role}
        onChoose={setRole}
      />
      <ChoiceGroup
        legend="It is good for"
        choices={Object.keys(LIFETIMES) as Lifetime[]}
        names={LIFETIME_NAMES}
        chosen={lifetime}
        onChoose={setLifetime}
      />
      <button type="submit" className="button primary" aria-disabled={isSending || name.trim() === ''}>
        {isSending ? 'Making…' : 'Make a token'}
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </form>
  );
}
