import type { ArchivedSession } from '#shared/sessions';
import { END_NAMES, MODE_NAMES, QUALITY_NAMES, TYPE_NAMES } from '../text/session-words.ts';

/** The newest part of the history that has been loaded, newest end first, and how many entries there are. */
export interface HistoryPages {
  readonly entries: readonly ArchivedSession[];
  readonly total: number;
}

/** One page as the agent answers it. */
export interface HistoryPage {
  readonly history: readonly ArchivedSession[];
  readonly total: number;
}

/**
 * `pages` with `page` after it. Sessions that ended between the two requests push known entries into the page;
 * those are not repeated.
 */
export function appendPage(pages: HistoryPages, page: HistoryPage): HistoryPages {
  const known = new Set(pages.entries.map(({ session_id }) => session_id));
  const added = page.history.filter(({ session_id }) => !known.has(session_id));
  return { entries: [...pages.entries, ...added], total: page.total };
}

/**
 * `pages` brought up to date with the `newest` page. Where the two do not touch, too much has ended in between,
 * and the newest page alone is kept: a list with a hole would not show that it has one.
 */
export function prependPage(pages: HistoryPages, newest: HistoryPage): HistoryPages {
  const fresh = new Set(newest.history.map(({ session_id }) => session_id));
  const older = pages.entries.filter(({ session_id }) => !fresh.has(session_id));
  const touches = older.length < pages.entries.length;
  return { entries: touches ? [...newest.history, ...older] : [...newest.history], total: newest.total };
}

/** The entries that contain every word of `query` in what the list shows of them; case does not matter. */
export function searchHistory(
  entries: readonly ArchivedSession[],
  query: string,
): readonly ArchivedSession[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return entries;
  return entries.filter((entry) => {
    const text = [
      entry.user_id,
      entry.session_id,
      entry.stop_reason,
      TYPE_NAMES[entry.type],
      entry.type === 'remote_access' ? MODE_NAMES[entry.safety_mode] : QUALITY_NAMES[entry.quality],
      END_NAMES[entry.status],
    ]
      .join('\n')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
