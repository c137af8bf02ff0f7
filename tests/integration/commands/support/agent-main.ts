import path from 'node:path';
import { createInterface } from 'node:readline';
import { startAgent } from '../../../../src-main/agent.ts';
import { systemClock } from '../../../../src-main/clock.ts';
import { describeFileChange } from '../../../../src-main/commands/file-change.ts';
import { ShellThread } from '../../../../src-main/shell/shell-thread.ts';
import { DirectPictureMaker } from '../../../fakes/direct-picture-maker.ts';
import { FakeNotifier } from '../../../fakes/fake-notifier.ts';
import { FakeScreenSource } from '../../../fakes/fake-screen-source.ts';
import { SilentLogger } from '../../../fakes/silent-logger.ts';
import { openSettings } from '../../support/open-settings.ts';

// The agent without its desktop as a process of its own, to be ended in all the ways in which one ends. Arguments: the
// data folder, settings as JSON. Prints its address, and then answers calls that come as JSON lines: they are made from
// here, since a program of another user is nobody to an agent.
const [folder = '', settings = '{}'] = process.argv.slice(2);
const screenSource = new FakeScreenSource();
screenSource.available = false;

interface AskedCall {
  readonly id: number;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
}

async function answer(url: string, { id, method, path: target, body }: AskedCall): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}${target}`, {
    method,
    ...(body === undefined ? {} : { body, headers }),
  });
  const contentType = response.headers.get('content-type');
  process.stdout.write(
    `${JSON.stringify({ id, status: response.status, contentType, body: await response.json() })}\n`,
  );
}

async function main(): Promise<void> {
  const log = new SilentLogger();
  const workerFile = path.join(path.dirname(process.argv[1] ?? ''), 'shell-worker.cjs');
  const agent = await startAgent({
    settings: openSettings(folder, { settings: JSON.parse(settings) }),
    version: '0.0.0-test',
    clock: systemClock,
    log,
    databaseFile: path.join(folder, 'porthole.db'),
    pagesFolder: path.join(folder, 'pages'),
    pictureMaker: new DirectPictureMaker(),
    changes: async (versions) => describeFileChange(versions),
    shell: new ShellThread({ clock: systemClock, log, workerFile }),
    screenSource,
    canPrompt: () => true,
    tls: null,
    notifier: new FakeNotifier(),
  });
  process.on('SIGTERM', () => {
    void agent.close('SIGTERM').then(() => process.exit(0));
  });
  process.stdout.write(`${JSON.stringify({ url: agent.url })}\n`);
  for await (const line of createInterface({ input: process.stdin }))
    void answer(agent.url, JSON.parse(line));
}

void main();
