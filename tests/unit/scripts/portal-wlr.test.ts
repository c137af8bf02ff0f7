import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SetupError } from '../../../scripts/announce.mjs';
import { ensurePortalWlr } from '../../../scripts/portal-wlr.mjs';

let cacheFolder: string;

beforeEach(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  cacheFolder = mkdtempSync(path.join(tmpdir(), 'porthole-portal-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(cacheFolder, { recursive: true });
});

/** Leaves a file where the program would be. */
async function buildIn(folder: string): Promise<string> {
  const file = path.join(folder, 'made/xdg-desktop-portal-wlr');
  mkdirSync(path.dirname(file));
  writeFileSync(file, 'built');
  return file;
}

describe('ensurePortalWlr', () => {
  it('builds once, also when asked several times at once, and leaves nothing but the program', async () => {
    const files = await Promise.all([
      ensurePortalWlr({ cacheFolder, buildIn }),
      ensurePortalWlr({ cacheFolder, buildIn }),
    ]);
    expect(new Set(files).size).toBe(1);
    const [file = ''] = files;
    expect(readFileSync(file, 'utf8')).toBe('built');
    expect(readdirSync(cacheFolder)).toEqual([path.basename(path.dirname(file))]);
    const again = vi.fn(buildIn);
    expect(await ensurePortalWlr({ cacheFolder, buildIn: again })).toBe(file);
    expect(again).not.toHaveBeenCalled();
  });

  it('makes it anew where the program is gone', async () => {
    const file = await ensurePortalWlr({ cacheFolder, buildIn });
    rmSync(file);
    expect(await ensurePortalWlr({ cacheFolder, buildIn })).toBe(file);
    expect(readFileSync(file, 'utf8')).toBe('built');
  });

  it('says why it cannot be built, and leaves nothing', async () => {
    const fail = () => Promise.reject(new SetupError('no compiler'));
    await expect(ensurePortalWlr({ cacheFolder, buildIn: fail })).rejects.toThrow('no compiler');
    const nothing = async (folder: string) => path.join(folder, 'made/xdg-desktop-portal-wlr');
    await expect(ensurePortalWlr({ cacheFolder, buildIn: nothing })).rejects.toThrow('is not what was built');
    expect(readdirSync(cacheFolder)).toEqual([]);
  });
});
