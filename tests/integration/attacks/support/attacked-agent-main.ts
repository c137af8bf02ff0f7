import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { startAgent } from '../../../../src-main/agent.ts';
import { systemClock } from '../../../../src-main/clock.ts';
import { describeFileChange } from '../../../../src-main/commands/file-change.ts';
import { createLogger } from '../../../../src-main/logger.ts';
import type { ScreenSource } from '../../../../src-main/stream/screen-source.ts';
import { BlindShellReader } from '../../../fakes/blind-shell-reader.ts';
import { DirectPictureMaker } from '../../../fakes/direct-picture-maker.ts';
import { FakeNotifier } from '../../../fakes/fake-notifier.ts';
import { openSettings } from '../../support/open-settings.ts';

// The agent as a process of its own, so that what an attack costs it can be told from what it costs the attacker.
// Shows a screen that moves at 30 frames a second, each as large as one of 720p. Argument: the data folder.
const FRAME_MS = 1000 / 30;
const FRAME_BYTES = 90_000;

const screenSource: ScreenSource = {
  assertAvailable: () => undefined,
  list: async () => ({ sources: [], thumbnail: () => null }),
  watchWindow: () => () => undefined,
  open: (_request, observer) => {
    const pictures = Array.from({ length: 8 }, () => randomBytes(FRAME_BYTES));
    observer.onStatus({ state: 'live' });
    let count = 0;
    const timer = setInterval(() => {
      const jpeg = pictures[count % pictures.length] ?? Buffer.alloc(0);
      count += 1;
      observer.onFrame({ jpeg, widthPx: 1280, heightPx: 720, capturedAtMs: systemClock.monotonicMs() });
    }, FRAME_MS);
    return {
      setDemand: () => undefined,
      film: () => ({ setPaused: () => undefined, end: () => undefined }),
      close: () => clearInterval(timer),
    };
  },
};

async function main(): Promise<void> {
  const [folder = ''] = process.argv.slice(2);
  const { log } = createLogger(path.join(folder, 'logs'));
  const agent = await startAgent({
    settings: openSettings(folder, { settings: {} }),
    version: '0.0.0-test',
    clock: systemClock,
    log,
    databaseFile: path.join(folder, 'porthole.db'),
    pagesFolder: path.join(folder, 'pages'),
    pictureMaker: new DirectPictureMaker(),
    changes: async (versions) => describeFileChange(versions),
    shell: new BlindShellReader(),
    screenSource,
    canPrompt: () => true,
    tls: null,
    notifier: new FakeNotifier(),
  });
  process.stdin.on('end', () => process.exit(1)).resume();
  process.stdout.write(`listening ${agent.url}\n`);
}

void main();
