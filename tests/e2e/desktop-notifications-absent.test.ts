import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { callApi } from './support/api-client.ts';
import { SessionBus } from './support/notification-server.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

// Far above what an answer takes, far below what a main process that waits for a server would take.
const ANSWERS_WITHIN_MS = 5000;

let display: TestDisplay;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
});

afterAll(async () => {
  await display?.stop();
});

async function startBus(activates?: string): Promise<SessionBus> {
  const bus = await SessionBus.start(activates);
  onTestFinished(() => bus.stop());
  return bus;
}

/** Starts a session that needs approval, approves and stops it: four events and a request to tell of. */
async function goThroughASession(url: string): Promise<void> {
  const { body } = await callApi(url, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
  expect(body).toMatchObject({ status: 'pending_approval' });
  const approved = await callApi(url, 'POST', `/api/remote/approve/${String(body.session_id)}`);
  expect(approved.body).toMatchObject({ status: 'active' });
  const stopped = await callApi(url, 'POST', `/api/remote/stop/${String(body.session_id)}`);
  expect(stopped.body).toMatchObject({ status: 'stopped' });
}

/** Runs an agent in this environment through two sessions and to its end, as if notifications were shown. */
async function expectUndisturbed(env: NodeJS.ProcessEnv): Promise<void> {
  const porthole = await PortholeProcess.start({ display, env, args: ['--hidden'] });
  onTestFinished(() => porthole.discard());
  const beganAtMs = performance.now();
  await goThroughASession(porthole.url);
  await goThroughASession(porthole.url);
  expect(performance.now() - beganAtMs).toBeLessThan(ANSWERS_WITHIN_MS);
  expect(await porthole.stop()).toBe(0);
}

describe('an agent that cannot notify anybody', () => {
  it('works where there is no D-Bus', async () => {
    await expectUndisturbed({ DBUS_SESSION_BUS_ADDRESS: '', XDG_RUNTIME_DIR: '' });
    await expectUndisturbed({ DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' });
  });

  it('works where the bus has no notification server', async () => {
    const bus = await startBus();
    await expectUndisturbed({ DBUS_SESSION_BUS_ADDRESS: bus.address });
  });

  it('works where the notification server hangs', async () => {
    const bus = await startBus('/bin/sleep 30');
    await expectUndisturbed({ DBUS_SESSION_BUS_ADDRESS: bus.address });
  });
});

describe('an agent without a place to ask', () => {
  it('denies at once and says why, unless an admin is connected', async () => {
    const args = ['--ozone-platform=headless', '--hidden'];
    const porthole = await PortholeProcess.start({ display, args });
    onTestFinished(() => porthole.discard());
    const start = () => callApi(porthole.url, 'POST', '/api/remote/start', { safety_mode: 'autonomous' });
    const refused = await start();
    expect(refused).toMatchObject({ status: 503, body: { success: false, error: 'no_place_to_ask' } });
    const { body } = await callApi(porthole.url, 'GET', '/api/sessions/history');
    expect(body.history).toMatchObject([{ status: 'denied', stop_reason: refused.body.message }]);

    const admin = new WebSocket(`${porthole.url.replace('http', 'ws')}/api/events`);
    onTestFinished(() => admin.terminate());
    await vi.waitFor(async () => expect((await start()).body).toMatchObject({ status: 'pending_approval' }), {
      timeout: 5000,
    });
  });
});
