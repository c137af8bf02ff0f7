import type { Updater } from '../../upkeep/update-service.ts';

/** How an app was installed, as far as its updates depend on it. */
export interface Installation {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  readonly isPackaged: boolean;
  readonly version: string;
  /** The AppImage that the app runs from, as its runtime says. */
  readonly appImage: string | undefined;
}

const TEST_BUILD = '-test-build';

/** How a copy is updated: whether it is, by what announcement, and by what kind of file if it can do that by itself. */
export function describeUpdates({
  platform,
  arch,
  isPackaged,
  version,
  appImage,
}: Installation): Pick<Updater, 'unavailable' | 'channelFile' | 'extension'> {
  const unavailable = !isPackaged
    ? 'This Porthole runs from source; only an installed one is updated.'
    : version.endsWith(TEST_BUILD)
      ? 'This is a test build, which is never updated.'
      : null;
  switch (platform) {
    case 'win32':
      return { unavailable, channelFile: 'latest.yml', extension: '.exe' };
    case 'darwin':
      // Squirrel, which would do it there, takes signed apps alone.
      return { unavailable, channelFile: 'latest-mac.yml', extension: null };
    default: {
      // As electron-builder names it.
      const channelFile = arch === 'x64' ? 'latest-linux.yml' : `latest-linux-${arch}.yml`;
      // A deb belongs to the system's package manager, a folder to whoever unpacked it.
      return { unavailable, channelFile, extension: appImage === undefined ? null : '.AppImage' };
    }
  }
}
