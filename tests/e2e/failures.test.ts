import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { OwnHome } from '../../scripts/own-home.mjs';
import { callApi } from './support/api-client.ts';
import { waitForOutput } from './support/child-process.ts';
import { connectDebugger, findDebugger } from './support/main-debugger.ts';
import { appCommand, dataFolderOf, makeHome, PortholeProcess } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
});
afterAll(() => display?.stop());

function newHome(): OwnHome {
  const home = makeHome();
  onTestFinished(() => home.remove());
  return home;
}

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 20_000, interval: 50 });

const readLog = (dataDir: string) => readFileSync(path.join(dataDir, 'logs/porthole.log'), 'utf8');

describe('an agent whose output nobody reads any more', () => {
  it.each(['| head -1', '>/dev/full'])('goes on, and so does its log: 2>&1 %s', async (sink) => {
    const home = newHome();
    const dataDir = dataFolderOf(home);
    const [executable, args] = appCommand(['--port', '0', '--data-dir', dataDir, '--hidden']);
    // What runs in front of a pipe would take the place of the agent's own end.
    const script = `{ "$@"; echo "ended with $?" >"${dataDir}/end"; } 2>&1 ${sink}`;
    home.spawn('/bin/sh', ['-c', script, 'sh', executable, ...args], { env: display.seat, stdio: 'ignore' });
    const running = path.join(dataDir, 'running.json');
    await until(() => expect(existsSync(running)).toBe(true));
    const { url, pid } = JSON.parse(readFileSync(running, 'utf8'));
    const { status, body } = await callApi(url, 'POST', '/api/screen_share/start', {});
    expect(status).toBe(200);
    await until(() => expect(readLog(dataDir)).toContain(body.session_id));
    for (let count = 0; count < 5; count += 1) await callApi(url, 'POST', '/api/remote/start', {});
    expect((await callApi(url, 'GET', '/api/sessions/active')).body.total).toBe(6);
    process.kill(pid, 'SIGTERM');
    await until(() => expect(readFileSync(path.join(dataDir, 'end'), 'utf8')).toBe('ended with 0\n'));
    expect(readLog(dataDir)).toContain('shutting down');
  });
});

const FAILURES = {
  'an error that nobody caught': `setTimeout(() => { throw new Error('unforeseen') }, 500)`,
  'a promise that nobody waited for': `setTimeout(() => void Promise.reject(new Error('unforeseen')), 500)`,
};

describe.skipIf(process.env.PORTHOLE_TEST_APP)('the agent ends in order', () => {
  it.each(Object.entries(FAILURES))('after %s', async (_, expression) => {
    const home = newHome();
    const dataDir = dataFolderOf(home);
    const [executable, args] = appCommand(['--port', '0', '--data-dir', dataDir, '--hidden']);
    const child = home.spawn(executable, ['--inspect=0', ...args], {
      env: display.seat,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const address = findDebugger(child);
    const [, url = ''] = await waitForOutput(child, 'stdout', /porthole listening on (\S+)\n/);
    const { body: session } = await callApi(url, 'POST', '/api/remote/start', { safety_mode: 'supervised' });
    const exit = new Promise((resolve) => child.once('exit', resolve));
    const main = await connectDebugger(await address);
    await main.read(expression);
    // A process does not end while somebody debugs it.
    main.close();
    expect(await exit).toBe(1);
    expect(readLog(dataDir)).toContain('the agent failed');
    expect(readLog(dataDir)).toMatch(/"stack":"Error: unforeseen\\n +at /);

    const next = await PortholeProcess.start({ display, home, args: ['--hidden'] });
    const { body } = await callApi(next.url, 'GET', `/api/remote/status/${session.session_id}`);
    expect(body).toMatchObject({ status: 'stopped', stop_reason: 'Agent failed' });
    await next.stop();
  });
});
