import { useState } from 'react';
import { describeFailure } from '../agent/api-client.ts';

/** A press that makes the agent do something. */
export interface Sending {
  readonly isSending: boolean;
  /** Why the last press failed; null from the next one on. */
  readonly error: string | null;
  /** Sends, unless the last press is still on its way. */
  readonly press: () => Promise<void>;
}

/** Sends what `send` calls, once at a time, and keeps why it failed. */
export function useSending(send: () => Promise<unknown>): Sending {
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const press = async () => {
    if (isSending) return;
    setSending(true);
    setError(null);
    try {
      await send();
    } catch (failure) {
      setError(describeFailure(failure));
    } finally {
      setSending(false);
    }
  };
  return { isSending, error, press };
}
