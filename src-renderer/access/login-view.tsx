import { type SubmitEvent, useId, useState } from 'react';
import { useAgentStore } from '../panel/agent-context.tsx';
import { useSending } from '../panel/use-sending.ts';

/** What a browser sees that the agent does not know: a place to show it a token. */
export function LoginView() {
  const store = useAgentStore();
  const [token, setToken] = useState('');
  const fieldId = useId();
  const { isSending, error, press } = useSending(async () => {
    await store.call('logIn', { token: token.trim() });
    setToken('');
    await store.refresh();
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void press();
  };
  return (
    <section className="card login" aria-labelledby="login-heading">
      <h1 id="login-heading">Who are you?</h1>
      <p>
        This agent belongs to the person at another machine, or to another account on this one. Show it an
        admin token to look after it from here.
      </p>
      <form onSubmit={submit}>
        <label htmlFor={fieldId}>Token</label>
        <input
          id={fieldId}
          className="field"
          type="password"
          autoComplete="off"
          spellCheck={false}
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <button type="submit" className="button primary" aria-disabled={isSending || token.trim() === ''}>
          {isSending ? 'Asking…' : 'Go on'}
        </button>
      </form>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      <p className="hint">
        At the machine itself: <code>porthole token create --role admin --name …</code>, or Access in its
        panel.
      </p>
    </section>
  );
}
