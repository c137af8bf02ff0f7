import { describe, expect, it } from 'vitest';
import { describeUpdates, type Installation } from '../../../../src-main/desktop/update/describe-updates.ts';

const installed: Installation = {
  platform: 'linux',
  arch: 'x64',
  isPackaged: true,
  version: '0.5.0',
  appImage: undefined,
};

describe('describeUpdates', () => {
  it('updates neither what runs from source nor a test build', () => {
    expect(describeUpdates({ ...installed, isPackaged: false }).unavailable).toMatch(/from source/);
    expect(describeUpdates({ ...installed, version: '0.5.0-test-build' }).unavailable).toMatch(/test build/);
    expect(describeUpdates(installed).unavailable).toBeNull();
  });

  it.each<[Partial<Installation>, string, string | null]>([
    [{ appImage: '/opt/Porthole.AppImage' }, 'latest-linux.yml', '.AppImage'],
    [{ appImage: '/opt/Porthole.AppImage', arch: 'arm64' }, 'latest-linux-arm64.yml', '.AppImage'],
    [{}, 'latest-linux.yml', null],
    [{ platform: 'win32' }, 'latest.yml', '.exe'],
    [{ platform: 'darwin' }, 'latest-mac.yml', null],
  ])('knows the announcement and the file for %o', (more, channelFile, extension) => {
    expect(describeUpdates({ ...installed, ...more })).toEqual({ unavailable: null, channelFile, extension });
  });
});
