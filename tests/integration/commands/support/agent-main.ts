import path from 'node:path';
import { startAgent } from '../../../../src-main/agent.ts';
import { systemClock } from '../../../../src-main/clock.ts';
import { FakeNotifier } from '../../../fakes/fake-notifier.ts';
import { FakeScreenSource } from '../../../fakes/fake-screen-source.ts';
import { SilentLogger } from '../../../fakes/silent-logger.ts';
import { openSettings } from '../../support/open-settings.ts';

// The agent without its desktop as a process of its own, to be ended in all the ways in which one ends. Arguments: the
// data folder, settings as JSON. Prints its address.
const [folder = '', settings = '{}'] = process.argv.slice(2);
const screenSource = new FakeScreenSource();
screenSource.available = false;

async function main(): Promise<void> {
  const agent = await startAgent({
    settings: openSettings(folder, { settings: JSON.parse(settings) }),
    version: '0.0.0-test',
    clock: systemClock,
    log: new SilentLogger(),
    databaseFile: path.join(folder, 'porthole.db'),
    pagesFolder: path.join(folder, 'pages'),
    screenSource,
    canPrompt: () => true,
    tls: null,
    notifier: new FakeNotifier(),
  });
  process.on('SIGTERM', () => {
    void agent.close('SIGTERM').then(() => process.exit(0));
  });
  process.stdout.write(`listening ${agent.url}\n`);
}

void main();
