import path from 'node:path';
import { app } from 'electron';
import { writeOwnFile } from '../../files/own-file.ts';
import type { Logger } from '../../logger.ts';
import type { OpenRequest } from '../../outgoing/outgoing.ts';
import { createOutgoingFetch } from '../../outgoing/outgoing-fetch.ts';
import type { Updater } from '../../upkeep/update-service.ts';
import { describeUpdates } from './describe-updates.ts';

/** An {@link Updater} that also puts in place what it downloaded. */
export interface DesktopUpdater extends Updater {
  /** Installs what was downloaded, if anything was. To be called last, when the agent is down. */
  install(): void;
}

/** What an updater works with. */
export interface DesktopUpdaterOptions {
  /** Holds a small file of its. */
  readonly dataFolder: string;
  readonly log: Logger;
  /** The way to the update server. */
  readonly openRequest: OpenRequest;
}

/** The updater of this copy; to be called once Electron is ready. */
export function createDesktopUpdater({
  dataFolder,
  log,
  openRequest,
}: DesktopUpdaterOptions): DesktopUpdater {
  const fetch = createOutgoingFetch(openRequest);
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
    fetch,
    download: async (release, signal, onProgress) => {
      // Loaded when it is needed: most agents never are asked for updates.
      const { downloadRelease } = await import('./release-download.ts');
      const configFile = path.join(dataFolder, 'updater.yml');
      await writeOwnFile(configFile, 'updaterCacheDirName: porthole-updater\n');
      const updater = await downloadRelease({ release, configFile, log, fetch, signal, onProgress });
      installDownload = () => {
        if (!updater.install(true, false)) log.error({}, 'the update could not be installed');
      };
    },
    install: () => installDownload?.(),
  };
}
