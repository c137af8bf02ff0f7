import { describe, expect, it } from 'vitest';
import { appendPage, prependPage, searchHistory } from '../../../../src-renderer/panel/history-pages.ts';
import { archived } from '../fakes/sessions.ts';

const entries = (...numbers: number[]) =>
  numbers.map((number) => archived({ session_id: `remote_0000000${number}` }));

describe('appendPage', () => {
  it('adds the next page and takes its total', () => {
    const pages = { entries: entries(5, 4), total: 4 };
    expect(appendPage(pages, { history: entries(3, 2), total: 5 })).toEqual({
      entries: entries(5, 4, 3, 2),
      total: 5,
    });
  });

  it('does not repeat what newer ends have pushed into it', () => {
    const pages = { entries: entries(5, 4), total: 4 };
    expect(appendPage(pages, { history: entries(4, 3), total: 5 }).entries).toEqual(entries(5, 4, 3));
  });
});

describe('prependPage', () => {
  it('puts new ends before what is loaded', () => {
    const pages = { entries: entries(5, 4, 3), total: 3 };
    expect(prependPage(pages, { history: entries(6, 5), total: 4 })).toEqual({
      entries: entries(6, 5, 4, 3),
      total: 4,
    });
  });

  it('keeps the newest page alone where the two do not touch', () => {
    const pages = { entries: entries(3, 2), total: 2 };
    expect(prependPage(pages, { history: entries(9, 8), total: 9 }).entries).toEqual(entries(9, 8));
  });

  it('takes the first page as it is', () => {
    expect(prependPage({ entries: [], total: 0 }, { history: entries(2, 1), total: 2 })).toEqual({
      entries: entries(2, 1),
      total: 2,
    });
  });
});

describe('searchHistory', () => {
  const all = [
    archived({ session_id: 'remote_aaaaaaaa', user_id: 'Alice', stop_reason: 'User requested' }),
    archived({ session_id: 'remote_bbbbbbbb', user_id: 'bob', status: 'denied', safety_mode: 'autonomous' }),
  ];

  it.each([
    ['', 2],
    ['   ', 2],
    ['alice', 1],
    ['ALICE requested', 1],
    ['alice bob', 0],
    ['remote access', 2],
    ['denied', 1],
    ['autonomous', 1],
    ['bbbb', 1],
    ['.*', 0],
  ])('finds by "%s" %i', (query, found) => {
    expect(searchHistory(all, query)).toHaveLength(found);
  });
});
