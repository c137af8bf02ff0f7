import {
  type BaseUpdater,
  CancellationToken,
  NsisUpdater,
  Provider,
  type ResolvedUpdateFileInfo,
  type UpdateInfo,
} from 'electron-updater';
import type { ProviderRuntimeOptions } from 'electron-updater/out/providers/Provider';
import type { Logger } from '../../logger.ts';
import { fetchRelease } from '../../upkeep/release-fetch.ts';
import { type FeedFetch, type Release, UpdateRefusal } from '../../upkeep/update-feed.ts';
import { OwnAppImageUpdater } from './app-image-updater.ts';

/** What a download needs. */
export interface ReleaseDownloadOptions {
  readonly release: Release;
  /** A file that names electron-updater's cache folder; https://www.electron.build/auto-update. */
  readonly configFile: string;
  readonly log: Logger;
  readonly fetch: FeedFetch;
  readonly signal: AbortSignal;
  readonly onProgress: (part: number) => void;
}

/**
 * Downloads a release into electron-updater's cache, and answers what installs it. The network is ours: its own follows
 * redirects, takes any amount, and on Linux neither trusts whom the system trusts. Rejects with {@link UpdateRefusal} for
 * a server that does not keep to what it announced.
 */
export async function downloadRelease(options: ReleaseDownloadOptions): Promise<BaseUpdater> {
  const { release, log, fetch, signal, onProgress } = options;
  const updater = process.platform === 'win32' ? new NsisUpdater() : new OwnAppImageUpdater();
  updater.logger = {
    info: (message) => log.info({}, String(message)),
    warn: (message) => log.warn({}, String(message)),
    error: (message) => log.warn({}, String(message)),
  };
  // Whether this copy is one to be updated was decided before.
  updater.forceDevUpdateConfig = true;
  updater.autoDownload = false;
  updater.autoInstallOnAppQuit = false;
  updater.disableDifferentialDownload = true;
  updater.disableWebInstaller = true;
  updater.updateConfigPath = options.configFile;
  updater.setFeedURL({ provider: 'custom', updateProvider: announce(release) });
  const network: UpdaterNetwork = {
    download: (_url, file) => fetchRelease({ release, file, fetch, signal, onProgress }),
  };
  Object.assign(updater, { httpExecutor: network });
  const token = new CancellationToken();
  signal.addEventListener('abort', () => token.cancel(), { once: true });
  try {
    const found = await updater.checkForUpdates();
    if (!found?.isUpdateAvailable) throw new UpdateRefusal('The update is not for this system.');
    await updater.downloadUpdate(token);
    return updater;
  } catch (error) {
    if (error instanceof UpdateRefusal) throw error;
    throw new UpdateRefusal(explain(error));
  }
}

/** As much of electron-updater's network as an update in one piece needs. */
interface UpdaterNetwork {
  download(url: URL, file: string): Promise<void>;
}

/** Tells electron-updater of one release, which was read and checked before. */
function announce(release: Release) {
  const name = decodeURIComponent(release.url.pathname.split('/').at(-1) ?? '');
  const file = { url: name, sha512: release.sha512, size: release.sizeBytes };
  const info: UpdateInfo = {
    version: release.version,
    files: [file],
    path: name,
    sha512: release.sha512,
    releaseDate: '',
  };
  return class extends Provider<UpdateInfo> {
    constructor(_options: unknown, _updater: unknown, runtime: ProviderRuntimeOptions) {
      super(runtime);
    }

    override getLatestVersion(): Promise<UpdateInfo> {
      return Promise.resolve(info);
    }

    override resolveFiles(): ResolvedUpdateFileInfo[] {
      return [{ url: release.url, info: file }];
    }
  };
}

function explain(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return `The update could not be downloaded: ${line.slice(0, 200)}.`;
}
