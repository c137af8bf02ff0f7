import path from 'node:path';
import { createInterface } from 'node:readline';
import { startAgent } from '../../../../src-main/agent.ts';
import { systemClock } from '../../../../src-main/clock.ts';
import { describeFileChange } from '../../../../src-main/commands/file-change.ts';
import { readFallMark } from '../../../../src-main/guardian/fall-mark.ts';
import { guard } from '../../../../src-main/guardian/guard.ts';
import { Guardian } from '../../../../src-main/guardian/guardian.ts';
import { GUARDIAN_SWITCH } from '../../../../src-main/guardian/guardian-switch.ts';
import { writeRunningFile } from '../../../../src-main/settings/running-file.ts';
import { ShellThread } from '../../../../src-main/shell/shell-thread.ts';
import { DirectPictureMaker } from '../../../fakes/direct-picture-maker.ts';
import { FakeNotifier } from '../../../fakes/fake-notifier.ts';
import { FakeScreenSource } from '../../../fakes/fake-screen-source.ts';
import { SilentLogger } from '../../../fakes/silent-logger.ts';
import { openSettings } from '../../support/open-settings.ts';

// The agent without its desktop as a process of its own, to be ended in all the ways in which one ends. Arguments: the
// data folder, settings as JSON, and `guardian` for one that its guardian starts again. Prints its address, and then answers calls that come as JSON lines: they are made from
// here, since a program of another user is nobody to an agent.
if (process.argv.includes(GUARDIAN_SWITCH)) guard();
const [folder = '', settings = '{}', restarts = 'nobody'] = process.argv.slice(2);
const screenSource = new FakeScreenSource();
screenSource.available = false;

interface AskedCall {
  readonly id: number;
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  /** Instead of a call: the main thread is to hang from now on, in a loop or asleep. */
  readonly hang?: 'loop' | 'sleep';
}

function hang(how: 'loop' | 'sleep'): never {
  for (;;) if (how === 'sleep') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

async function answer(url: string, call: AskedCall): Promise<void> {
  const { id, method, path: target, body } = call;
  if (call.hang) hang(call.hang);
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

function startGuardian(stallSeconds: number): Guardian {
  const at = (name: string): string => path.join(folder, name);
  const guardian = new Guardian({
    log: new SilentLogger(),
    command: { file: process.execPath, args: [process.argv[1] ?? '', GUARDIAN_SWITCH] },
    orders: {
      executable: process.execPath,
      markFile: at('fall.json'),
      stackFile: at('stack.txt'),
      heartbeatFile: at('alive.json'),
      logFile: at('porthole.log'),
      relaunch:
        restarts === 'guardian'
          ? { file: process.execPath, args: process.argv.slice(1), cwd: process.cwd() }
          : null,
      restartsFile: at('restarts.json'),
    },
  });
  guardian.setStallSeconds(stallSeconds);
  guardian.start();
  return guardian;
}

async function main(): Promise<void> {
  const log = new SilentLogger();
  const workerFile = path.join(path.dirname(process.argv[1] ?? ''), 'shell-worker.cjs');
  const store = openSettings(folder, { settings: JSON.parse(settings) });
  const guardian = startGuardian(store.current.stallSeconds);
  const agent = await startAgent({
    settings: store,
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
    watchCommands: (trace) => guardian.watchCommands(trace),
    fall: readFallMark(path.join(folder, 'fall.json')),
  });
  process.on('SIGTERM', () => {
    void agent.close('SIGTERM').then(() => {
      guardian.close(false);
      process.exit(0);
    });
  });
  // Before it says so.
  writeRunningFile(path.join(folder, 'running.json'), { url: agent.url, pid: process.pid });
  process.stdout.write(`${JSON.stringify({ url: agent.url })}\n`);
  for await (const line of createInterface({ input: process.stdin }))
    void answer(agent.url, JSON.parse(line));
}

void main();
