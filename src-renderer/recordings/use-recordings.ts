import { useEffect, useState } from 'react';
import type { AnswerOf } from '#shared/api';
import { describeFailure } from '../agent/api-client.ts';
import { useAgent, useAgentStore } from '../panel/agent-context.tsx';

/** As many as a list of them can sensibly show. */
const MOST_LISTED = 500;

/** The recordings and the room they take, as of the last change of any; null until they are there. */
export function useRecordings(): { list: AnswerOf<'listRecordings'> | null; error: string | null } {
  const { call } = useAgentStore();
  const [list, setList] = useState<AnswerOf<'listRecordings'> | null>(null);
  const [error, setError] = useState<string | null>(null);
  const change = useAgent(
    ({ live, connection }) =>
      `${connection} ${live.recentEvents.findLast(({ event }) => event.startsWith('recording_'))?.seq ?? 0}`,
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new `change` is why they are asked for again.
  useEffect(() => {
    let isCurrent = true;
    call('listRecordings', { query: { limit: String(MOST_LISTED) } }).then(
      (answer) => {
        if (!isCurrent) return;
        setList(answer);
        setError(null);
      },
      (failure: unknown) => {
        if (isCurrent) setError(describeFailure(failure));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [call, change]);
  return { list, error };
}
