import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, startShare } from './support/api-client.ts';
import { BusService } from './support/bus-service.ts';
import { NotificationServer, SessionBus } from './support/notification-server.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

const GNOME = 'org.gnome.ScreenSaver';
const LOGIND = 'org.freedesktop.login1';
const SESSION_PATH = '/org/freedesktop/login1/session/_32';

/** Lets a program see its user by another number than everybody outside does, the buses among them. */
const IN_NAMESPACE =
  process.getuid?.() === 0
    ? ['unshare', '--user', '--map-user=1000', '--map-group=1000']
    : ['unshare', '--user', '--map-root-user'];

const locked = { saver: false, hint: false };
let display: TestDisplay;
let notifications: NotificationServer;
let systemBus: SessionBus;
let saver: BusService;
let logind: BusService;
let porthole: PortholeProcess;
let sessionId: string;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 720);
  notifications = await NotificationServer.start(display);
  systemBus = await SessionBus.start();
  saver = await BusService.start(notifications.env.DBUS_SESSION_BUS_ADDRESS, ({ member }) =>
    member === 'GetActive' ? { signature: 'b', body: [locked.saver] } : null,
  );
  await saver.own(GNOME);
  const session = ['2', process.getuid?.() ?? 0, 'own', 'seat0', SESSION_PATH];
  logind = await BusService.start(systemBus.address, ({ member, body }) => {
    if (member === 'ListSessions') return { signature: 'a(susso)', body: [[session]] };
    return member === 'Get' && body[1] === 'LockedHint'
      ? { signature: 'v', body: [{ signature: 'b', value: locked.hint }] }
      : null;
  });
  await logind.own(LOGIND);
  const env = { ...notifications.env, DBUS_SYSTEM_BUS_ADDRESS: systemBus.address };
  porthole = await PortholeProcess.start({ display, env, args: ['--hidden'], by: IN_NAMESPACE });
  sessionId = await startShare(porthole.url, 'low');
});

afterAll(async () => {
  await porthole?.stop();
  await porthole?.discard();
  saver?.stop();
  logind?.stop();
  await systemBus?.stop();
  await notifications?.stop();
  await display?.stop();
});

const captureState = async (): Promise<unknown> => {
  const { body } = await callApi(porthole.url, 'GET', `/api/screen_share/status/${sessionId}`);
  return (body.capture as { state: string }).state;
};

describe('an agent in a user namespace, with buses outside of it', () => {
  it('tells of its shares through the notification server', async () => {
    await expect.poll(() => notifications.seen.length).toBeGreaterThan(0);
  });

  it('hears of the screen saver', async () => {
    await expect.poll(captureState).toBe('live');
    locked.saver = true;
    saver.emit('/org/gnome/ScreenSaver', GNOME, 'ActiveChanged', 'b', [true]);
    await expect.poll(captureState).toBe('paused');
    locked.saver = false;
    saver.emit('/org/gnome/ScreenSaver', GNOME, 'ActiveChanged', 'b', [false]);
    await expect.poll(captureState).toBe('live');
  });

  it('knows its own login session by the number of its user outside', async () => {
    locked.hint = true;
    const changed = [['LockedHint', { signature: 'b', value: true }]] as const;
    const properties = 'org.freedesktop.DBus.Properties';
    const body = [`${LOGIND}.Session`, changed, []];
    logind.emit(SESSION_PATH, properties, 'PropertiesChanged', 'sa{sv}as', body);
    await expect.poll(captureState).toBe('paused');
  });
});
