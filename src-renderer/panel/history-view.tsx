import { useId, useState } from 'react';
import type { SessionType } from '#shared/sessions';
import { useSecondTicker } from '../interaction/second-ticker.ts';
import { RecordingList } from '../recordings/recording-list.tsx';
import { useAgentStore } from './agent-context.tsx';
import { ChoiceGroup } from './choice-group.tsx';
import { HistoryEntry } from './history-entry.tsx';
import { searchHistory } from './history-pages.ts';
import { useHistory } from './use-history.ts';
import { isAtRecordings } from './use-view.ts';

const AGO_STEP_MS = 15_000;

const FILTERS = ['all', 'remote_access', 'screen_share', 'recordings'] as const;
const FILTER_NAMES = {
  all: 'All',
  remote_access: 'Remote access',
  screen_share: 'Screen share',
  recordings: 'Recordings',
} as const;

/** Ended sessions, newest end first, to filter by type and to search; and the recordings of shares. */
export function HistoryView() {
  const [filter, setFilter] = useState<(typeof FILTERS)[number]>(() =>
    isAtRecordings() ? 'recordings' : 'all',
  );
  const [query, setQuery] = useState('');
  const searchId = useId();
  return (
    <section className="history" aria-labelledby="history-heading">
      <h2 id="history-heading" className="visually-hidden">
        History
      </h2>
      <div className="history-controls">
        <ChoiceGroup
          legend="Show"
          choices={FILTERS}
          names={FILTER_NAMES}
          chosen={filter}
          onChoose={setFilter}
        />
        <label className="search" htmlFor={searchId}>
          <span className="visually-hidden">Search the history</span>
          <input
            id={searchId}
            type="search"
            placeholder="Search by user, id or reason"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </label>
      </div>
      {filter === 'recordings' ? (
        <RecordingList query={query} />
      ) : (
        <HistoryList key={filter} type={filter === 'all' ? null : filter} query={query} />
      )}
    </section>
  );
}

function HistoryList({ type, query }: { readonly type: SessionType | null; readonly query: string }) {
  const { pages, isLoading, error, loadMore } = useHistory(type);
  const found = searchHistory(pages?.entries ?? [], query);
  const loaded = pages?.entries.length ?? 0;
  const isSearching = query.trim() !== '';
  const { clock } = useAgentStore();
  useSecondTicker();
  // In steps, so that the entries, which may be many, render anew when one may read differently and not each second.
  const nowMs = Math.floor(clock.wallMs() / AGO_STEP_MS) * AGO_STEP_MS;
  const hasMore = pages !== null && loaded < pages.total;
  return (
    <>
      <ul className="card history-entries">
        {found.map((entry) => (
          <HistoryEntry key={entry.session_id} entry={entry} nowMs={nowMs} />
        ))}
      </ul>
      <div className="history-foot">
        <p role="status">{pages && describeExtent(found.length, loaded, pages.total, isSearching)}</p>
        {error && (
          <p className="error" role="alert">
            {error}
          </p>
        )}
        {(hasMore || error) && (
          <button type="button" className="button" aria-disabled={isLoading} onClick={loadMore}>
            {error ? 'Try again' : 'Load more'}
          </button>
        )}
      </div>
    </>
  );
}

const numbers = new Intl.NumberFormat('en');

function describeExtent(found: number, loaded: number, total: number, isSearching: boolean): string {
  if (total === 0) return 'No session has ended yet.';
  if (!isSearching) return `${numbers.format(loaded)} of ${numbers.format(total)}`;
  const among =
    loaded < total
      ? `the ${numbers.format(loaded)} loaded of ${numbers.format(total)}`
      : numbers.format(total);
  return found === 0 ? `Nothing found among ${among}.` : `${numbers.format(found)} found among ${among}`;
}
