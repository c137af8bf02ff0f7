import { useCallback, useEffect, useState } from 'react';
import { describeFailure } from '../agent/api-client.ts';

/** A list that the agent keeps. */
export interface AgentList<T> {
  /** Null until it is there. */
  readonly entries: readonly T[] | null;
  /** Why it could not be had. */
  readonly error: string | null;
  /** Asks for it anew. */
  readonly reload: () => Promise<void>;
}

/** What `fetchList` fetches, now and whenever it changes or `reload` is called. */
export function useList<T>(fetchList: () => Promise<readonly T[]>): AgentList<T> {
  const [entries, setEntries] = useState<readonly T[] | null>(null);
  const [error, setError] = useState<string | null>(null);
  const reload = useCallback(async () => {
    try {
      setEntries(await fetchList());
      setError(null);
    } catch (failure) {
      setError(describeFailure(failure));
    }
  }, [fetchList]);
  useEffect(() => void reload(), [reload]);
  return { entries, error, reload };
}
