import { describe, expect, it } from 'vitest';
import { Lockout, type LockoutJournal, type LockoutRecord } from '../../../src-main/access/lockout.ts';
import type { Logger } from '../../../src-main/logger.ts';
import { PortholeError } from '../../../src-shared/errors.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';

const DAY_MS = 24 * 60 * 60_000;

class MemoryJournal implements LockoutJournal {
  readonly records = new Map<string, LockoutRecord>();
  isFull = false;
  list(): LockoutRecord[] {
    return [...this.records.values()];
  }
  save(record: LockoutRecord): void {
    if (this.isFull) throw new Error('disk full');
    this.records.set(record.source, record);
  }
  remove(source: string): void {
    this.records.delete(source);
  }
}

function rig(journal = new MemoryJournal(), clock = new ManualClock(), log: Logger = new SilentLogger()) {
  const lockout = new Lockout({ clock, log, journal });
  const fail = (source: string, times: number): void => {
    for (let count = 0; count < times; count += 1) lockout.noteFailure(source);
  };
  /** The seconds that a source has to wait, 0 if it may try. */
  const wait = (source: string): number => {
    try {
      lockout.assertMayTry(source);
      return 0;
    } catch (error) {
      if (error instanceof PortholeError && error.code === 'too_many_attempts')
        return error.retryAfterSeconds ?? -1;
      throw error;
    }
  };
  return { lockout, clock, journal, fail, wait };
}

describe('Lockout', () => {
  it('forgives four wrong secrets and lets the source of the fifth wait', () => {
    const { fail, wait } = rig();
    fail('a', 4);
    expect(wait('a')).toBe(0);
    fail('a', 1);
    expect(wait('a')).toBe(5);
    expect(wait('b')).toBe(0);
  });

  it('doubles the wait with each further one, up to an hour', () => {
    const { fail, wait, clock } = rig();
    fail('a', 5);
    const waits: number[] = [];
    for (let count = 0; count < 14; count += 1) {
      const seconds = wait('a');
      waits.push(seconds);
      clock.advance(seconds * 1000);
      expect(wait('a')).toBe(0);
      fail('a', 1);
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600, 3600]);
  });

  it('ends no wait and makes none longer when the wall clock is set', () => {
    const { fail, wait, clock } = rig();
    fail('a', 6);
    clock.jumpWall(10 * DAY_MS);
    expect(wait('a')).toBe(10);
    clock.jumpWall(-20 * DAY_MS);
    expect(wait('a')).toBe(10);
    clock.advance(10_000);
    expect(wait('a')).toBe(0);
  });

  it('begins an unserved wait again after a restart, whatever the clock says then', () => {
    const first = rig();
    first.fail('waiting', 7);
    first.fail('served', 5);
    first.clock.advance(5000);
    expect(first.wait('served')).toBe(0);
    const clock = new ManualClock();
    clock.jumpWall(400 * DAY_MS);
    const second = rig(first.journal, clock);
    expect(second.wait('waiting')).toBe(20);
    expect(second.wait('served')).toBe(0);
    // Nobody gets five more for it.
    second.fail('served', 1);
    expect(second.wait('served')).toBe(10);
    clock.advance(20_000);
    expect(second.wait('waiting')).toBe(0);
  });

  it('forgets a source that has sent nothing wrong for a day', () => {
    const { fail, wait, clock, journal } = rig();
    fail('a', 4);
    clock.advance(DAY_MS);
    fail('b', 1);
    expect(journal.records.has('a')).toBe(false);
    fail('a', 1);
    expect(wait('a')).toBe(0);
  });

  it('warns when many are wrong, whoever sent them, and lets nobody else wait for it', () => {
    const warnings: string[] = [];
    const log: Logger = Object.assign(new SilentLogger(), {
      warn: (_fields: object, message: string) => warnings.push(message),
    });
    const { fail, wait } = rig(new MemoryJournal(), new ManualClock(), log);
    for (let source = 0; source < 25; source += 1) fail(`s${source}`, 1);
    expect(warnings.filter((text) => /guessing/.test(text))).toHaveLength(1);
    expect(wait('somebody else')).toBe(0);
  });

  it('keeps no more than it can, the oldest going first', () => {
    const { fail, journal } = rig();
    for (let source = 0; source < 10_050; source += 1) fail(`s${source}`, 1);
    expect(journal.records.size).toBe(10_000);
    expect(journal.records.has('s10049')).toBe(true);
    expect(journal.records.has('s0')).toBe(false);
  });

  it('holds with a full disk, until the restart', () => {
    const { fail, wait, journal } = rig();
    journal.isFull = true;
    fail('a', 5);
    expect(wait('a')).toBe(5);
  });

  it('says whether anybody waits', () => {
    const { fail, lockout, clock, wait } = rig();
    fail('a', 4);
    expect(lockout.isAnybodyLocked).toBe(false);
    fail('a', 1);
    expect(lockout.isAnybodyLocked).toBe(true);
    clock.advance(5000);
    wait('a');
    expect(lockout.isAnybodyLocked).toBe(false);
  });
});
