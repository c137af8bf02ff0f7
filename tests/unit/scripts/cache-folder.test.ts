import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { portholeCacheFolder } from '../../../scripts/cache-folder.mjs';

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
