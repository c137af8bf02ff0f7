import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src-main/clock.ts';
import { watchLinuxScreenLock } from '../../src-main/desktop/lock/linux-screen-lock.ts';
import { callApi, startShare } from './support/api-client.ts';
import { BusService } from './support/bus-service.ts';
import { SessionBus } from './support/notification-server.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { StreamReader } from './support/stream-reader.ts';
import { TestDisplay } from './support/test-display.ts';

const GNOME = 'org.gnome.ScreenSaver';
const LOGIND = 'org.freedesktop.login1';
const SESSION_PATH = '/org/freedesktop/login1/session/_32';

const until = <T>(assertion: () => T | Promise<T>) =>
  vi.waitFor(assertion, { timeout: 15_000, interval: 50 });

/** What the lockers of this test say, each on a bus of its own. */
const locked = { saver: false, hint: false };
/** How often the saver was asked. */
let asked = 0;
const ending: (() => void | Promise<void>)[] = [];
let env: NodeJS.ProcessEnv;
let saver: BusService;
let logind: BusService;

/** The saver covers the screen or lets it be seen, as GNOME's says it. */
function setSaver(isActive: boolean): void {
  locked.saver = isActive;
  saver.emit('/org/gnome/ScreenSaver', GNOME, 'ActiveChanged', 'b', [isActive]);
}

/** The session is locked or unlocked, as systemd-logind says it. */
function setHint(isLocked: boolean): void {
  locked.hint = isLocked;
  const changed = [['LockedHint', { signature: 'b', value: isLocked }]] as const;
  logind.emit(SESSION_PATH, 'org.freedesktop.DBus.Properties', 'PropertiesChanged', 'sa{sv}as', [
    `${LOGIND}.Session`,
    changed,
    [],
  ]);
}

beforeAll(async () => {
  const startBus = async (): Promise<SessionBus> => {
    const bus = await SessionBus.start();
    ending.push(() => bus.stop());
    return bus;
  };
  const [session, system] = await Promise.all([startBus(), startBus()]);
  saver = await BusService.start(session.address, ({ member }) => {
    if (member !== 'GetActive') return null;
    asked += 1;
    return { signature: 'b', body: [locked.saver] };
  });
  logind = await BusService.start(system.address, ({ member, body }) => {
    if (member === 'ListSessions')
      return {
        signature: 'a(susso)',
        body: [
          [
            ['1', (process.getuid?.() ?? 0) + 1, 'other', 'seat0', '/org/freedesktop/login1/session/_31'],
            ['2', process.getuid?.() ?? 0, 'own', 'seat0', SESSION_PATH],
          ],
        ],
      };
    return member === 'Get' && body[1] === 'LockedHint'
      ? { signature: 'v', body: [{ signature: 'b', value: locked.hint }] }
      : null;
  });
  await logind.own(LOGIND);
  await saver.own(GNOME);
  env = { DBUS_SESSION_BUS_ADDRESS: session.address, DBUS_SYSTEM_BUS_ADDRESS: system.address };
});

afterAll(async () => {
  saver?.stop();
  logind?.stop();
  for (const end of ending) await end();
});

afterEach(() => {
  setSaver(false);
  setHint(false);
});

describe('watchLinuxScreenLock', () => {
  const watch = (): { heard: boolean[]; end: () => void } => {
    const heard: boolean[] = [];
    const userId = process.getuid?.() ?? 0;
    const end = watchLinuxScreenLock({
      clock: systemClock,
      env,
      userId,
      connectX: async () => null,
      onChange: (isLocked) => heard.push(isLocked),
    });
    return { heard, end };
  };

  it('hears the screen saver, logind, and both as one', async () => {
    setSaver(true);
    const { heard, end } = watch();
    // It was locked before anybody listened.
    await until(() => expect(heard).toEqual([true]));
    setHint(true);
    setSaver(false);
    setHint(false);
    await until(() => expect(heard).toEqual([true, false]));
    setHint(true);
    await until(() => expect(heard).toEqual([true, false, true]));
    end();
  });

  it('believes no signal, asks, and forgets a locker that is gone', async () => {
    setSaver(true);
    const { heard, end } = watch();
    await until(() => expect(heard).toEqual([true]));
    // A signal says that it is unlocked; the locker, asked twice, does not.
    for (let signals = 0; signals < 2; signals += 1) {
      const before = asked;
      saver.emit('/org/gnome/ScreenSaver', GNOME, 'ActiveChanged', 'b', [false]);
      await until(() => expect(asked).toBeGreaterThan(before));
    }
    expect(heard).toEqual([true]);
    await saver.release(GNOME);
    await until(() => expect(heard).toEqual([true, false]));
    await saver.own(GNOME);
    await until(() => expect(heard).toEqual([true, false, true]));
    end();
  });
});

describe('a screen that is locked', () => {
  let display: TestDisplay;
  let porthole: PortholeProcess;

  beforeAll(async () => {
    display = await TestDisplay.start(1280, 720);
    porthole = await PortholeProcess.start({ display, env, args: ['--hidden'] });
  });
  afterAll(async () => {
    await porthole?.discard();
    await display?.stop();
  });

  const captureOf = async (sessionId: string): Promise<unknown> =>
    (await callApi(porthole.url, 'GET', `/api/screen_share/status/${sessionId}`)).body.capture;
  const LOCKED = { state: 'paused', message: 'Paused: the screen is locked.' };

  it('pauses shares, those that start meanwhile too, and lets them go on when it is unlocked', async () => {
    const first = await startShare(porthole.url, 'low');
    const viewer = await StreamReader.open(`${porthole.url}/stream/${first}`);
    await until(async () => expect(await captureOf(first)).toMatchObject({ state: 'live' }));
    setHint(true);
    await until(async () => expect(await captureOf(first)).toEqual(LOCKED));
    const second = await startShare(porthole.url, 'medium');
    expect(await captureOf(second)).toEqual(LOCKED);
    // What is changed meanwhile does not turn the lock's pause into the person's.
    const changed = await callApi(porthole.url, 'POST', `/api/screen_share/update/${second}`, {
      quality: 'low',
    });
    expect(changed).toMatchObject({ status: 200, body: { paused: false } });
    const { parts } = viewer;
    // The viewer is still there and is told.
    await viewer.until((now) => now.parts > parts);
    setHint(false);
    for (const id of [first, second])
      await until(async () => expect(await captureOf(id)).toMatchObject({ state: 'live' }));
  });

  it('pauses nothing where the person does not want it, from one moment to the next', async () => {
    const share = await startShare(porthole.url, 'low');
    setSaver(true);
    await until(async () => expect(await captureOf(share)).toEqual(LOCKED));
    await callApi(porthole.url, 'POST', '/api/settings', { pauseOnLock: false });
    await until(async () => expect(await captureOf(share)).toMatchObject({ state: 'live' }));
    await callApi(porthole.url, 'POST', '/api/settings', { pauseOnLock: true });
    await until(async () => expect(await captureOf(share)).toEqual(LOCKED));
  });
});
