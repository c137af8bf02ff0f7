import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { app, session } from 'electron';
import type { Logger } from '../../logger.ts';
import type { Updater } from '../../upkeep/update-service.ts';

/** An {@link Updater} that also puts in place what it downloaded. */
export interface DesktopUpdater extends Updater {
  /** Installs what was downloaded, if anything was. To be called last, when the agent is down. */
  install(): void;
}

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
const SESSION = 'porthole-updates';

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

/** The updater of this copy. `dataFolder` holds a small file of its; to be called once Electron is ready. */
export function createDesktopUpdater(dataFolder: string, log: Logger): DesktopUpdater {
  let installDownload: (() => void) | null = null;
  const installation = {
    platform: process.platform,
    arch: process.arch,
    isPackaged: app.isPackaged,
    version: app.getVersion(),
    appImage: process.env.APPIMAGE,
  };
  return {
    ...describeUpdates(installation),
    fetch: (url, init) => session.fromPartition(SESSION, { cache: false }).fetch(url, init),
    download: async (release, signal, onProgress) => {
      // Loaded when it is needed: most agents never are asked for updates.
      const { downloadRelease } = await import('./release-download.ts');
      const configFile = path.join(dataFolder, 'updater.yml');
      writeFileSync(configFile, 'updaterCacheDirName: porthole-updater\n', { mode: 0o600 });
      const updater = await downloadRelease({ release, configFile, log, signal, onProgress });
      installDownload = () => {
        if (!updater.install(true, false)) log.error({}, 'the update could not be installed');
      };
    },
    install: () => installDownload?.(),
  };
}
