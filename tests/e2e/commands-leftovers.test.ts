import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OwnHome } from '../../scripts/own-home.mjs';
import { createEscapees } from '../integration/commands/support/escapees.ts';
import { callApi, startShare } from './support/api-client.ts';
import { makeHome, PortholeProcess } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;
let home: OwnHome;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
});

afterAll(async () => {
  await display?.stop();
});

beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 20 });

async function startAutonomous(url: string): Promise<string> {
  const { body } = await callApi(url, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
  await callApi(url, 'POST', `/api/remote/approve/${body.session_id}`);
  return String(body.session_id);
}

async function runEscapees() {
  const porthole = await PortholeProcess.start({ display, home, args: ['--hidden'] });
  const sessionId = await startAutonomous(porthole.url);
  const escapees = createEscapees();
  const { status, body } = await callApi(porthole.url, 'POST', `/api/remote/execute/${sessionId}`, {
    operation: 'shell',
    script: escapees.script(),
  });
  expect(status).toBe(202);
  await until(() => expect(escapees.count()).toBe(escapees.expected));
  return { porthole, escapees, commandId: String(body.command_id) };
}

describe('the app leaves nothing of a command behind', () => {
  it('when it is told to end', async () => {
    const { porthole, escapees } = await runEscapees();
    expect(await porthole.stop('SIGTERM')).toBe(0);
    expect(escapees.count()).toBe(0);
  });

  it('when it is killed, and says so at the next start', async () => {
    const { porthole, escapees, commandId } = await runEscapees();
    await porthole.stop('SIGKILL');
    await until(() => expect(escapees.count()).toBe(0));
    const next = await PortholeProcess.start({ display, home, args: ['--hidden'] });
    const { body } = await callApi(next.url, 'GET', `/api/remote/commands/${commandId}`);
    expect(body).toMatchObject({ status: 'failed', error: { message: 'Agent restarted' } });
    expect(await next.stop()).toBe(0);
  });
});

/** Lists the shell's own open files. No pipe, which the shell itself would have open for a moment. */
const LIST_FILES = 'find /proc/$$/fd -type l -printf "%f %l\\n"; :';

/** What is open besides a command's output and the empty file. */
function findForeign(files: readonly string[]): string[] {
  return files.filter((file) => !/^[12] (pipe|socket):/.test(file) && !file.endsWith(' /dev/null'));
}

/** Runs a script to its end; answers what it printed. */
async function runScript(url: string, sessionId: string, script: string): Promise<string> {
  const { body } = await callApi(url, 'POST', `/api/remote/execute/${sessionId}`, {
    operation: 'shell',
    script,
  });
  return until(async () => {
    const answer = await callApi(url, 'GET', `/api/remote/commands/${body.command_id}`);
    expect(answer.body).toMatchObject({ status: 'completed', exit_code: 0 });
    return String(answer.body.stdout);
  });
}

const PRESETS = ['low', 'medium', 'high'] as const;

describe('two hundred commands of the app', () => {
  it('get none of the files that its threads open at that moment', async () => {
    const porthole = await PortholeProcess.start({ display, home, args: ['--hidden'] });
    try {
      const sessionId = await startAutonomous(porthole.url);
      let isOver = false;
      // Each start of a capture has Chromium open sockets and shared memory in threads of its own.
      const shares = PRESETS.map(async (preset) => {
        while (!isOver) {
          const id = await startShare(porthole.url, preset);
          await callApi(porthole.url, 'POST', '/api/screen_share/stop', { session_id: id });
        }
      });
      const foreign: string[] = [];
      let left = 200;
      const runs = [1, 2, 3, 4, 5, 6].map(async () => {
        while (left > 0) {
          left -= 1;
          const files = (await runScript(porthole.url, sessionId, LIST_FILES)).trim().split('\n');
          foreign.push(...findForeign(files));
        }
      });
      await Promise.all(runs).finally(() => {
        isOver = true;
      });
      await Promise.all(shares);
      expect(foreign).toEqual([]);
    } finally {
      await porthole.stop();
    }
  }, 400_000);
});

describe('a command of the app', () => {
  it('gets the mask of the user, no open file of Electron and none of its secrets', async () => {
    const porthole = await PortholeProcess.start({
      display,
      home,
      args: ['--hidden'],
      env: { PORTHOLE_SECRET: 'hush', SOME_API_KEY: 'hush' },
    });
    const sessionId = await startAutonomous(porthole.url);
    const { body } = await callApi(porthole.url, 'POST', `/api/remote/execute/${sessionId}`, {
      operation: 'shell',
      script: `touch made; stat -c %a made; ${LIST_FILES}; echo; env`,
      cwd: home.place('work'),
    });
    const ended = await until(async () => {
      const answer = await callApi(porthole.url, 'GET', `/api/remote/commands/${body.command_id}`);
      expect(answer.body.status).toBe('completed');
      return answer.body;
    });
    const [head = '', environment = ''] = String(ended.stdout).split('\n\n');
    const [mask, ...files] = head.split('\n');
    expect(mask).toBe((0o666 & ~process.umask()).toString(8));
    expect(files).toContain('0 /dev/null');
    expect(findForeign(files)).toEqual([]);
    const variables = environment.split('\n').map((line) => line.split('=')[0]);
    expect(variables).toContain('DISPLAY');
    expect(variables).toContain('PORTHOLE_COMMAND_ID');
    expect(String(ended.stdout)).not.toContain('hush');
    expect(variables.filter((name) => /ELECTRON|CHROME|SECRET|KEY/.test(String(name)))).toEqual([]);
    expect(await porthole.stop()).toBe(0);
  });
});
