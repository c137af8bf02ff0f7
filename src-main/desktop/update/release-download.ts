import { session } from 'electron';
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
import { type Release, UpdateRefusal } from '../../upkeep/update-feed.ts';
import { OwnAppImageUpdater } from './app-image-updater.ts';

/** The network session that electron-updater downloads in. */
const UPDATER_SESSION = 'electron-updater';

/** What a download needs. */
export interface ReleaseDownloadOptions {
  readonly release: Release;
  /** A file that names electron-updater's cache folder; https://www.electron.build/auto-update. */
  readonly configFile: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly onProgress: (part: number) => void;
}

/**
 * Downloads a release by electron-updater, which holds it against its SHA-512, and answers what installs it. Nothing but
 * the very address of the release is asked for, and nothing of another size is taken. Rejects with {@link UpdateRefusal}
 * for a server that does not keep to that.
 */
export async function downloadRelease(options: ReleaseDownloadOptions): Promise<BaseUpdater> {
  const { release, log, signal, onProgress } = options;
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
  updater.on('download-progress', ({ percent }) => onProgress(Math.min(1, percent / 100)));
  const token = new CancellationToken();
  signal.addEventListener('abort', () => token.cancel(), { once: true });
  const fault = guardNetwork(release);
  try {
    const found = await updater.checkForUpdates();
    if (!found?.isUpdateAvailable) throw new UpdateRefusal('The update is not for this system.');
    await updater.downloadUpdate(token);
    return updater;
  } catch (error) {
    if (error instanceof UpdateRefusal) throw error;
    throw new UpdateRefusal(fault() ?? explain(error));
  }
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

/** Lets nothing through but the release; the returned function says what was not let through. */
function guardNetwork({ url, sizeBytes }: Release): () => string | null {
  let fault: string | null = null;
  const { webRequest } = session.fromPartition(UPDATER_SESSION, { cache: false });
  webRequest.onBeforeRequest((request, callback) => {
    const isElsewhere = request.url !== url.href;
    if (isElsewhere) fault = 'The update server sends elsewhere whoever wants the update.';
    callback({ cancel: isElsewhere });
  });
  webRequest.onHeadersReceived(({ statusCode, responseHeaders = {} }, callback) => {
    const isFalse = statusCode === 200 && !hasSize(responseHeaders, sizeBytes);
    if (isFalse) fault = 'The update server sends another amount than it announced.';
    callback({ cancel: isFalse });
  });
  return () => fault;
}

/** Whether an answer says that it is of this size, in a way that the network holds it to. */
function hasSize(headers: Record<string, string[]>, bytes: number): boolean {
  const headerOf = (wanted: string): string | undefined =>
    Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1][0];
  const isPlain = headerOf('content-encoding') === undefined && headerOf('transfer-encoding') === undefined;
  return isPlain && headerOf('content-length') === String(bytes);
}

function explain(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ERR_CHECKSUM_MISMATCH')
    return 'What the update server sent is not what it announced; it was thrown away.';
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return `The update could not be downloaded: ${line.slice(0, 200)}.`;
}
