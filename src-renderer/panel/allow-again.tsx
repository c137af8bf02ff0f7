import { useAgentStore } from './agent-context.tsx';
import { useSending } from './use-sending.ts';

/** The way back from *Stop everything*. */
export function AllowAgain() {
  const { call } = useAgentStore();
  const { isSending, error, press } = useSending(() => call('rearm'));
  return (
    <>
      <button type="button" className="button" aria-disabled={isSending} onClick={() => void press()}>
        Allow sessions again
      </button>
      {error && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
    </>
  );
}
