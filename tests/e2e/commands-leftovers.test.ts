import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OwnHome } from '../../scripts/own-home.mjs';
import { createEscapees } from '../integration/commands/support/escapees.ts';
import { callApi } from './support/api-client.ts';
import { findForeign, LIST_FILES, startAutonomous } from './support/app-commands.ts';
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
