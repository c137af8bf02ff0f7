import path from 'node:path';
import { startAgent } from '../../src-main/agent.ts';
import { systemClock } from '../../src-main/clock.ts';
import { describeFileChange } from '../../src-main/commands/file-change.ts';
import type { Logger } from '../../src-main/logger.ts';
import { prepareDataFolder } from '../../src-main/settings/data-folder.ts';
import type { ScreenSource } from '../../src-main/stream/screen-source.ts';
import { BlindShellReader } from '../fakes/blind-shell-reader.ts';
import { DirectPictureMaker } from '../fakes/direct-picture-maker.ts';
import { FakeNotifier } from '../fakes/fake-notifier.ts';
import { openSettings } from '../integration/support/open-settings.ts';

const FRAME_MS = 20;

/** A screen on which a frame comes every 20 ms, so that shares count. */
const screenSource: ScreenSource = {
  assertAvailable: () => undefined,
  list: async () => ({ sources: [], thumbnail: () => null }),
  watchWindow: () => () => undefined,
  open: (_request, observer) => {
    const jpeg = Buffer.from('not looked at');
    observer.onStatus({ state: 'live' });
    const timer = setInterval(
      () => observer.onFrame({ jpeg, widthPx: 640, heightPx: 360, capturedAtMs: performance.now() }),
      FRAME_MS,
    );
    return {
      setDemand: () => undefined,
      film: () => ({ setPaused: () => undefined, end: () => undefined }),
      close: () => clearInterval(timer),
    };
  },
};

/** Complaints go to stderr, where whoever started this process reads them. */
const log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: (fields, message) => process.stderr.write(`${message}: ${JSON.stringify(fields)}\n`),
};

/** Runs sessions and store without Electron, on the data folder that the first argument names. */
async function run(): Promise<void> {
  const data = prepareDataFolder(process.argv[2] ?? '');
  // Whoever started this process is gone.
  process.stdin.on('end', () => process.exit(1)).resume();
  const agent = await startAgent({
    settings: openSettings(data.folder, { settings: { approvalTimeoutSeconds: 1 } }),
    version: '0.0.0-crash',
    clock: systemClock,
    log,
    databaseFile: data.database,
    pagesFolder: path.join(data.folder, 'pages'),
    pictureMaker: new DirectPictureMaker(),
    changes: async (versions) => describeFileChange(versions),
    shell: new BlindShellReader(),
    screenSource,
    canPrompt: () => true,
    notifier: new FakeNotifier(),
    tls: null,
  });
  process.stdout.write(`porthole listening on ${agent.url}\n`);
}

void run();
