import { beforeEach, describe, expect, it } from 'vitest';
import { CommandArchive } from '../../../src-main/commands/command-archive.ts';
import { type CommandRecord, createCommandRecord } from '../../../src-main/commands/command-record.ts';
import { MAX_FRESH, MAX_FRESH_PER_SESSION } from '../../../src-main/commands/fresh-commands.ts';
import { MAX_KEPT_CONTENT_BYTES } from '../../../src-main/commands/kept-record.ts';
import type { LiveRemote } from '../../../src-shared/sessions.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { MemoryCommandJournal } from '../../fakes/memory-command-journal.ts';

const draft = {
  event: 'remote_command_finished' as const,
  data: { message: 'finished', badge: '✅', timestamp: '2026-01-01T00:00:00.000Z' },
};
const TEN_MINUTES_MS = 10 * 60_000;

let clock: ManualClock;
let journal: MemoryCommandJournal;
let archive: CommandArchive;

beforeEach(() => {
  clock = new ManualClock();
  journal = new MemoryCommandJournal();
  archive = new CommandArchive(journal, clock);
});

/** Has a command of a session end that wrote so much, and answers its id. */
function end(sessionId: string, bytes: number): string {
  const bound = {
    operation: { operation: 'run' as const, argv: ['x'] },
    reading: null,
    program: null,
    target: null,
    meant: null,
    obstacle: null,
    hash: 'abc',
    shownHash: 'abc',
  };
  const session = { session_id: sessionId, user_id: 'grace' } as LiveRemote;
  const record: CommandRecord = {
    ...createCommandRecord(bound, session, { reason: null, origin: 'this machine', atMs: 0 }),
    status: 'completed',
    finishedAtMs: 1,
    stdout: { text: 'x'.repeat(bytes), encoding: 'utf8', bytes, truncated: false },
  };
  archive.record(record, draft);
  return record.commandId;
}

const isWhole = (commandId: string): boolean => archive.find(commandId)?.kept === 'whole';

describe('commandArchive', () => {
  it('gives a long command whole for ten minutes, and on record keeps a part', () => {
    const id = end('remote_00000001', MAX_KEPT_CONTENT_BYTES * 4);
    expect(isWhole(id)).toBe(true);
    expect(journal.find(id)?.kept).toBe('part');
    archive.savePictures({ ...(archive.find(id) as CommandRecord), hasShotAfter: true });
    expect(archive.find(id)).toMatchObject({ kept: 'whole', hasShotAfter: true });
    clock.advance(TEN_MINUTES_MS);
    expect(isWhole(id)).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  it('holds nothing of what is on record whole', () => {
    expect(isWhole(end('remote_00000001', 10))).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets go of the oldest of a session that has too much, and of no other', () => {
    const other = end('remote_00000002', MAX_KEPT_CONTENT_BYTES * 2);
    const size = Math.floor(MAX_FRESH_PER_SESSION / 3);
    const ids = [1, 2, 3, 4].map(() => end('remote_00000001', size));
    expect([other, ...ids].map(isWhole)).toEqual([true, false, false, true, true]);
  });

  it('where all have too much, takes from the session that has the most', () => {
    const small = end('remote_00000009', MAX_KEPT_CONTENT_BYTES * 2);
    const size = MAX_FRESH_PER_SESSION - 1000;
    const large = Array.from({ length: Math.ceil(MAX_FRESH / size) }, (_, at) =>
      end(`remote_0000000${at}`, size),
    );
    expect(isWhole(small)).toBe(true);
    expect(large.map(isWhole)).toEqual([false, ...large.slice(1).map(() => true)]);
  });

  it('lets go of everything when it is closed', () => {
    const id = end('remote_00000001', MAX_KEPT_CONTENT_BYTES * 4);
    archive.close();
    expect(isWhole(id)).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });
});
