import { describe, expect, it } from 'vitest';
import { assertHasRoom, shareOutSessions } from '../../../src-main/sessions/session-quota.ts';
import type { SessionRecord } from '../../../src-main/sessions/session-record.ts';

const sessions = (count: number, owner: string | null, status: string): SessionRecord[] =>
  Array.from({ length: count }, () => ({ owner, status }) as SessionRecord);

describe('assertHasRoom', () => {
  const quota = shareOutSessions(256);
  const start = (live: readonly SessionRecord[], owner: string | null) => () =>
    assertHasRoom(quota, live, owner);

  it('lets the person have all that there is', () => {
    expect(start(sessions(255, null, 'active'), null)).not.toThrow();
    expect(start(sessions(256, null, 'active'), null)).toThrow('Too many sessions');
  });

  it('lets a token have half of what is there for tokens, and all of them leave some to the person', () => {
    expect(start(sessions(119, 'a', 'active'), 'a')).not.toThrow();
    expect(start(sessions(120, 'a', 'active'), 'a')).toThrow('Too many sessions');
    const full = [...sessions(120, 'a', 'active'), ...sessions(120, 'b', 'active')];
    expect(start(full, 'c')).toThrow('Too many sessions');
    expect(start(full, null)).not.toThrow();
  });

  it('lets sixteen starts of a token wait for an answer, and the person’s own at any number', () => {
    expect(start(sessions(15, 'a', 'pending_approval'), 'a')).not.toThrow();
    expect(start(sessions(16, 'a', 'pending_approval'), 'a')).toThrow('16 requests of this token wait');
    expect(start(sessions(16, 'a', 'pending_approval'), 'b')).not.toThrow();
    expect(start(sessions(200, null, 'pending_approval'), null)).not.toThrow();
  });

  it('leaves few to be had by whoever comes first', () => {
    expect(shareOutSessions(3)).toEqual({ others: 3, perHolder: 2, reserved: 0 });
  });
});
