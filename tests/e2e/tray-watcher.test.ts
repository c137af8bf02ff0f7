import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BusService } from './support/bus-service.ts';
import { SessionBus } from './support/notification-server.ts';
import { PortholeProcess } from './support/porthole-app.ts';
import { TestDisplay } from './support/test-display.ts';

let display: TestDisplay;
let bus: SessionBus;
let porthole: PortholeProcess;

beforeAll(async () => {
  display = await TestDisplay.start(1280, 800);
  bus = await SessionBus.start();
  // No tray of any kind is there yet.
  const env = { DBUS_SESSION_BUS_ADDRESS: bus.address };
  porthole = await PortholeProcess.start({ display, args: ['--hidden'], env });
});

afterAll(async () => {
  await porthole?.stop();
  await porthole?.discard();
  await bus?.stop();
  await display?.stop();
});

/** A tray of icons over D-Bus, as desktops have it, down to its icons' names. */
async function startWatcher(hasHost = true) {
  const items: string[] = [];
  const state = { hasHost };
  const properties = (): Record<string, { signature: string; value: boolean | number | string[] }> => ({
    IsStatusNotifierHostRegistered: { signature: 'b', value: state.hasHost },
    RegisteredStatusNotifierItems: { signature: 'as', value: items },
    ProtocolVersion: { signature: 'i', value: 0 },
  });
  const service = await BusService.start(bus.address, ({ member, body, sender }) => {
    if (member === 'RegisterStatusNotifierItem') {
      const name = String(body[0]);
      items.push(name.startsWith('/') ? `${sender}${name}` : `${name}/StatusNotifierItem`);
      return { signature: '', body: [] };
    }
    const value = member === 'Get' ? properties()[String(body[1])] : undefined;
    return value ? { signature: 'v', body: [value] } : null;
  });
  // The agent's first icon may come by itself while it is made anew, and goes then: as trays do, this one lets go of it.
  await service.followVanishing((name) => {
    const gone = items.findIndex((item) => item.startsWith(`${name}/`));
    if (gone >= 0) items.splice(gone, 1);
  });
  onTestFinished(() => service.stop());
  await service.own('org.kde.StatusNotifierWatcher');
  return {
    items,
    addHost: () => {
      state.hasHost = true;
      const watcher = 'org.kde.StatusNotifierWatcher';
      service.emit('/StatusNotifierWatcher', watcher, 'StatusNotifierHostRegistered', '', []);
    },
    stop: () => service.stop(),
  };
}

describe('the icon', () => {
  it('comes to a tray that starts after the agent, and to the next one', async () => {
    for (let time = 0; time < 2; time += 1) {
      const watcher = await startWatcher();
      await expect.poll(() => watcher.items).toHaveLength(1);
      watcher.stop();
    }
  });

  it('comes to a tray whose bar starts after it', async () => {
    const watcher = await startWatcher(false);
    expect(watcher.items).toEqual([]);
    watcher.addHost();
    await expect.poll(() => watcher.items).toHaveLength(1);
    watcher.stop();
  });
});
