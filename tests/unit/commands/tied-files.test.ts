import { chmodSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ASKED_LIMITS, TiedFiles } from '../../../src-main/commands/tied-files.ts';

const MEBIBYTE = 1024 * 1024;

function newFile(sizeBytes: number, name = 'x.sh'): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'porthole-tied-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, name);
  writeFileSync(file, '');
  truncateSync(file, sizeBytes);
  return file;
}

describe('tiedFiles', () => {
  it('lets others have their turn while it reads', async () => {
    const files = new TiedFiles(ASKED_LIMITS);
    let turns = 0;
    let isDone = false;
    const count = (): void => {
      turns += 1;
      if (!isDone) setImmediate(count);
    };
    count();
    await files.tie([{ file: newFile(64 * MEBIBYTE), kind: 'any' }]);
    isDone = true;
    expect(files.obstacle).toBeNull();
    // 256 pieces, each read elsewhere.
    expect(turns).toBeGreaterThan(100);
  });

  it('says what it could not tie, and ends then', async () => {
    const files = new TiedFiles({ maxBytes: MEBIBYTE, maxFiles: 2, deadlineMs: 10_000 });
    const [small, large] = [newFile(10), newFile(2 * MEBIBYTE)];
    await files.tie([
      { file: small, kind: 'named' },
      { file: path.join(small, 'no', 'such'), kind: 'any' },
      { file: '/dev/null', kind: 'any' },
      { file: large, kind: 'named' },
      { file: newFile(20), kind: 'named' },
    ]);
    expect(files.list().map((each) => each.path)).toEqual([small]);
    expect(files.obstacle).toContain(`“${large}” is too large to be bound`);
  });

  it('takes large data for no script where a file system has everything run', async () => {
    const files = new TiedFiles(ASKED_LIMITS);
    const movie = newFile(300 * MEBIBYTE, 'movie.mkv');
    chmodSync(movie, 0o777);
    await files.tie([{ file: movie, kind: 'named' }]);
    await files.tie([{ file: movie, kind: 'copied' }]);
    expect({ obstacle: files.obstacle, tied: files.list() }).toEqual({ obstacle: null, tied: [] });
    await files.tie([{ file: movie, kind: 'program' }]);
    expect(files.obstacle).toContain('too large');
  });

  it('reads each file once, whatever it is looked at for', async () => {
    const files = new TiedFiles({ maxBytes: 3 * MEBIBYTE, maxFiles: 2, deadlineMs: 10_000 });
    const file = newFile(2 * MEBIBYTE);
    for (const kind of ['named', 'copied', 'program', 'any', 'named'] as const) {
      await files.tie([{ file, kind }]);
    }
    expect(files.obstacle).toBeNull();
    expect(files.list()).toHaveLength(1);
  });

  it('takes no longer than it may', async () => {
    const files = new TiedFiles({ ...ASKED_LIMITS, deadlineMs: -1 });
    await files.tie([{ file: newFile(10), kind: 'named' }]);
    expect(files.obstacle).toContain('takes too long');
  });

  it('counts files', async () => {
    const files = new TiedFiles({ ...ASKED_LIMITS, maxFiles: 1 });
    await files.tie([newFile(10), newFile(10)].map((file) => ({ file, kind: 'named' })));
    expect(files.obstacle).toBe('It names more than 1 scripts.');
  });
});
