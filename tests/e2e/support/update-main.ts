import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { app, session } from 'electron';
import { createDesktopUpdater } from '../../../src-main/desktop/update/desktop-updater.ts';
import { createOutgoing } from '../../../src-main/outgoing/outgoing.ts';
import { readOffer } from '../../../src-main/upkeep/update-feed.ts';

/** What a test wants tried, in turn; each answers one line of JSON on stdout. */
export type UpdateTask =
  | { readonly task: 'read'; readonly address: string }
  | {
      readonly task: 'download';
      readonly version: string;
      readonly url: string;
      readonly sha512: string;
      readonly sizeBytes: number;
      /** Give up as soon as so much is on the disk. */
      readonly abortAtBytes?: number;
    }
  | { readonly task: 'install' };

/** Resolves when electron-updater has put so many bytes of a download on the disk. */
async function untilPending(bytes: number): Promise<void> {
  const folder = path.join(process.env.XDG_CACHE_HOME ?? '', 'porthole-updater/pending');
  const sizes = (): number[] =>
    existsSync(folder) ? readdirSync(folder).map((name) => statSync(path.join(folder, name)).size) : [];
  while (Math.max(0, ...sizes()) < bytes) await new Promise((resolve) => setTimeout(resolve, 20));
}

const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };

function ignore(): void {}

/** Tries the product's own updater in a real Electron, since test builds are never updated. */
async function run(): Promise<void> {
  await app.whenReady();
  const updater = createDesktopUpdater({
    dataFolder: app.getPath('userData'),
    log: quiet,
    openRequest: createOutgoing({ resolveProxy: (url) => session.defaultSession.resolveProxy(url) }),
  });
  const perform = async (task: UpdateTask): Promise<unknown> => {
    switch (task.task) {
      case 'read': {
        const { address } = task;
        const { fetch, channelFile } = updater;
        const { signal } = new AbortController();
        return readOffer({
          address,
          channelFile,
          extension: '.AppImage',
          currentVersion: '0.5.0',
          fetch,
          signal,
          nowMs: Date.now(),
        });
      }
      case 'download': {
        const controller = new AbortController();
        let progress = 0;
        const { abortAtBytes } = task;
        if (abortAtBytes !== undefined) void untilPending(abortAtBytes).then(() => controller.abort());
        const release = { ...task, url: new URL(task.url) };
        await updater.download(release, controller.signal, (part) => {
          progress = part;
        });
        return { progress };
      }
      case 'install':
        updater.install();
        return {};
    }
  };
  const tasks = JSON.parse(process.env.PORTHOLE_TEST_TASKS ?? '[]') as UpdateTask[];
  for (const task of tasks) {
    const outcome = await perform(task).then(
      (answer) => ({ ok: answer }),
      (error: Error) => ({ refused: error.message, name: error.name }),
    );
    process.stdout.write(`${JSON.stringify(outcome)}\n`);
  }
  process.stdout.write('done\n', () => app.exit(0));
}

void run();
