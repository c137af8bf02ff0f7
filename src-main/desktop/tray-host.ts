import type { BusWitness } from './dbus/bus-watch.ts';
import { contentOf, listOf } from './dbus/dbus-codec.ts';
import { BUS, DbusCallError, type DbusConnection } from './dbus/dbus-connection.ts';

const WATCHER = 'org.kde.StatusNotifierWatcher';

/** What {@link trayHost} says where the tray has an icon of this process. */
export const HAS_ICON = 'has the icon';

/**
 * The tray on the session bus: empty where there is none that shows icons, {@link HAS_ICON}, or its own name if it has no
 * icon of this process. Electron looks for a tray when an icon is made, and never again.
 * https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/StatusNotifierWatcher/
 */
export function trayHost(ownPid: number): BusWitness<string> {
  return {
    rules: [
      `sender='${BUS.destination}',member='NameOwnerChanged',arg0='${WATCHER}'`,
      `interface='${WATCHER}',member='StatusNotifierHostRegistered'`,
    ],
    ask: async (connection) => {
      const owned = await connection.call({
        ...BUS,
        member: 'NameHasOwner',
        signature: 's',
        body: [WATCHER],
      });
      if (owned.body[0] !== true) return '';
      const owner = await connection.call({
        ...BUS,
        member: 'GetNameOwner',
        signature: 's',
        body: [WATCHER],
      });
      if ((await read(connection, 'IsStatusNotifierHostRegistered')) !== true) return '';
      const items = listOf(await read(connection, 'RegisteredStatusNotifierItems')).map(String);
      const pids = await Promise.all(items.map((item) => findPid(connection, item)));
      return pids.includes(ownPid) ? HAS_ICON : String(owner.body[0]);
    },
  };
}

async function read(connection: DbusConnection, property: string) {
  const answer = await connection.call({
    destination: WATCHER,
    path: '/StatusNotifierWatcher',
    interface: 'org.freedesktop.DBus.Properties',
    member: 'Get',
    signature: 'ss',
    body: [WATCHER, property],
  });
  return contentOf(answer.body[0]);
}

/** An item is told by a name on the bus, with a path behind it or without. */
async function findPid(connection: DbusConnection, item: string): Promise<number | null> {
  const [name = ''] = item.split('/');
  try {
    const answer = await connection.call({
      ...BUS,
      member: 'GetConnectionUnixProcessID',
      signature: 's',
      body: [name],
    });
    return Number(answer.body[0]);
  } catch (error) {
    if (error instanceof DbusCallError) return null;
    throw error;
  }
}
