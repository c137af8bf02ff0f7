import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { moveIntoPlace, portholeCacheFolder } from '../../../scripts/cache-folder.mjs';

describe('portholeCacheFolder', () => {
  it.each([
    { env: { XDG_CACHE_HOME: '/var/cache/me' }, platform: 'linux', folder: '/var/cache/me/porthole' },
    { env: {}, platform: 'linux', folder: path.join(os.homedir(), '.cache/porthole') },
    {
      env: { XDG_CACHE_HOME: 'relative' },
      platform: 'linux',
      folder: path.join(os.homedir(), '.cache/porthole'),
    },
    { env: {}, platform: 'darwin', folder: path.join(os.homedir(), 'Library/Caches/porthole') },
    { env: { LOCALAPPDATA: '/local' }, platform: 'win32', folder: '/local/porthole' },
  ] as const)('is $folder on $platform with $env', ({ env, platform, folder }) => {
    expect(portholeCacheFolder(env, platform)).toBe(folder);
  });
});

describe('moveIntoPlace', () => {
  const isGood = (folder: string) => existsSync(path.join(folder, 'good'));

  function makeFolder(): { root: string; to: string; make: (name: string, file: string) => string } {
    const root = mkdtempSync(path.join(os.tmpdir(), 'porthole-place-'));
    onTestFinished(() => rmSync(root, { recursive: true }));
    const make = (name: string, file: string): string => {
      mkdirSync(path.join(root, name));
      writeFileSync(path.join(root, name, file), name);
      return path.join(root, name);
    };
    return { root, to: path.join(root, 'to'), make };
  }

  it('has room made by one of those that come at the same moment', async () => {
    const { root, to, make } = makeFolder();
    make('to', 'bad');
    const moves = ['one', 'other', 'third'].map((name) =>
      moveIntoPlace(make(name, 'good'), to, { isGood, discard: path.join(root, `${name}-discard`) }),
    );
    await Promise.all(moves);
    expect(['one', 'other', 'third']).toContain(readFileSync(path.join(to, 'good'), 'utf8'));
  });

  it('says what keeps it from its place', async () => {
    const { root, to, make } = makeFolder();
    make('to', 'bad');
    const discard = path.join(root, 'nowhere/discard');
    await expect(moveIntoPlace(make('one', 'good'), to, { isGood, discard })).rejects.toThrow('ENOTEMPTY');
    expect(isGood(path.join(root, 'one'))).toBe(true);
  });
});
