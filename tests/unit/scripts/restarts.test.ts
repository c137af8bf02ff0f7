import { describe, expect, it } from 'vitest';
import { judgeEnd } from '../../../scripts/restarts.mjs';

const MINUTE_MS = 60_000;

describe('judgeEnd', () => {
  const end = { code: null, signal: null, wasTold: false } as const;

  it.each([
    ['ended in order', { ...end, code: 0 }],
    ['was refused', { ...end, code: 2 }],
    ['was told to end, even by force', { ...end, signal: 'SIGKILL', wasTold: true } as const],
    ['was told to end while it started', { ...end, signal: 'SIGTERM' } as const],
  ])('lets an app go that %s', (_, how) => {
    expect(judgeEnd(how, [], 0)).toBe('ended');
  });

  it.each([
    ['was killed', { ...end, signal: 'SIGKILL' } as const],
    ['crashed', { ...end, signal: 'SIGTRAP' } as const],
    ['failed', { ...end, code: 1 }],
  ])('starts an app again that %s, three times in ten minutes', (_, how) => {
    expect(judgeEnd(how, [0, 1], 2)).toBe('again');
    expect(judgeEnd(how, [0, 1, 2], 3)).toBe('stays-down');
    expect(judgeEnd(how, [0, 1, 2], 10 * MINUTE_MS + 1)).toBe('again');
  });
});
