import { describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_SECONDS, readRetryAfter } from '../../../src-main/outgoing/retry-after.ts';

const NOW = Date.UTC(2026, 0, 2, 12, 0, 0);
const wait = (retryAfter: string | null, date: string | null = null): number | null =>
  readRetryAfter({ retryAfter, date }, NOW);

describe('readRetryAfter', () => {
  it('reads seconds, and dates in each of the three forms of HTTP', () => {
    expect(wait('120')).toBe(120);
    expect(wait(' 0 ')).toBe(0);
    expect(wait('Fri, 02 Jan 2026 12:00:13 GMT')).toBe(13);
    expect(wait('Friday, 02-Jan-26 12:00:13 GMT')).toBe(13);
    expect(wait('Fri Jan  2 12:00:13 2026')).toBe(13);
  });

  it('takes a date that has passed for no wait, and one of the last century for passed', () => {
    expect(wait('Fri, 02 Jan 2026 11:59:00 GMT')).toBe(0);
    expect(wait('Sunday, 06-Nov-94 08:49:37 GMT')).toBe(0);
  });

  it('counts a date from the server’s own clock', () => {
    expect(wait('Thu, 01 Jan 2026 00:00:30 GMT', 'Thu, 01 Jan 2026 00:00:00 GMT')).toBe(30);
    expect(wait('Fri, 02 Jan 2026 12:00:30 GMT', 'yesterday')).toBe(30);
  });

  it('waits for nobody longer than a day', () => {
    expect(wait('86401')).toBe(MAX_RETRY_AFTER_SECONDS);
    expect(wait('9'.repeat(5000))).toBe(MAX_RETRY_AFTER_SECONDS);
    expect(wait('Fri, 31 Dec 9999 23:59:59 GMT')).toBe(MAX_RETRY_AFTER_SECONDS);
  });

  it.each([
    null,
    '',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    'soon',
    '2026-01-02T12:00:13Z',
    'Fri, 31 Feb 2026 12:00:13 GMT',
    'Fri, 02 Foo 2026 12:00:13 GMT',
    'Fri, 02 Jan 2026 12:00:13 +0100',
    `Fri, 02 Jan 2026 12:00:13 GMT${' '.repeat(10_000)}x`,
  ])('asks for nothing with %j', (text) => {
    expect(wait(text)).toBeNull();
  });
});
