import { describe, expect, it } from 'vitest';
import { claimRestart } from '../../../src-main/guardian/restart-limit.ts';
import { isRestartedByGuardian } from '../../../src-main/guardian/restarter.ts';

const MINUTE_MS = 60_000;

describe('claimRestart', () => {
  it('allows three restarts in ten minutes, and another once the first is older', () => {
    let times: number[] = [];
    for (const atMs of [0, MINUTE_MS, 2 * MINUTE_MS]) times = claimRestart(times, atMs) ?? [];
    expect(times).toEqual([0, MINUTE_MS, 2 * MINUTE_MS]);
    expect(claimRestart(times, 3 * MINUTE_MS)).toBeNull();
    expect(claimRestart(times, 10 * MINUTE_MS)).toEqual([MINUTE_MS, 2 * MINUTE_MS, 10 * MINUTE_MS]);
  });

  it('counts what a clock that was set back has put into the future', () => {
    expect(claimRestart([5000, 6000, 7000], 1000)).toBeNull();
  });
});

describe('isRestartedByGuardian', () => {
  it.each([
    ['an installed app that was started by hand', {}, true, true],
    ['one that runs from source', {}, false, false],
    ['one of npm start', { PORTHOLE_RESTARTER: 'start-script' }, true, false],
    ['one of our unit for systemd', { PORTHOLE_RESTARTER: 'systemd' }, true, false],
    ['one of any other unit', { SYSTEMD_EXEC_PID: '42', INVOCATION_ID: 'a' }, true, false],
    ['one that was started by hand in a desktop that systemd runs', { SYSTEMD_EXEC_PID: '7' }, true, true],
  ])('says of %s', (_, env, isPackaged, expected) => {
    expect(isRestartedByGuardian(env, 42, isPackaged)).toBe(expected);
  });
});
