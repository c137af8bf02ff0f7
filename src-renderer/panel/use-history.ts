import { useCallback, useEffect, useRef, useState } from 'react';
import type { SessionType } from '#shared/sessions';
import { describeFailure } from '../agent/api-client.ts';
import { useAgent, useAgentStore } from './agent-context.tsx';
import { appendPage, type HistoryPages, prependPage } from './history-pages.ts';

const PAGE_SIZE = 50;

/** The loaded history of one type, or of both, and what can be done about the rest of it. */
export interface History {
  /** Null until the first page is there. */
  readonly pages: HistoryPages | null;
  readonly isLoading: boolean;
  readonly error: string | null;
  /** Loads the next page, or the first one again after a failure. */
  readonly loadMore: () => void;
}

/** The history of sessions of `type` (null: of both), kept up to date while sessions end. */
export function useHistory(type: SessionType | null): History {
  const { call } = useAgentStore();
  const version = useAgent((state) => state.live.historyVersion);
  const isReachable = useAgent((state) => state.connection !== 'unreachable');
  const [pages, setPages] = useState<HistoryPages | null>(null);
  const [isLoading, setLoading] = useState(false);
  const [error, setError] = useState<string | null>(null);
  // Only the answer to the latest request counts: an earlier one may be of another type, or older.
  const latest = useRef(0);

  const load = useCallback(
    async (offset: number, merge: typeof appendPage) => {
      latest.current += 1;
      const request = latest.current;
      setLoading(true);
      try {
        const query = {
          limit: String(PAGE_SIZE),
          offset: String(offset),
          ...(type === null ? {} : { type }),
        };
        const page = await call('history', { query });
        if (request !== latest.current) return;
        setPages((before) => merge(before ?? { entries: [], total: 0 }, page));
        setError(null);
      } catch (failure) {
        if (request === latest.current) setError(describeFailure(failure));
      } finally {
        if (request === latest.current) setLoading(false);
      }
    },
    [call, type],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` is why the newest page is fetched again.
  useEffect(() => {
    if (isReachable) void load(0, prependPage);
  }, [load, version, isReachable]);

  const loaded = pages?.entries.length ?? 0;
  const loadMore = useCallback(
    () => void load(loaded, loaded === 0 ? prependPage : appendPage),
    [load, loaded],
  );
  return { pages, isLoading, error, loadMore };
}
