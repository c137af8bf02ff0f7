import type { BusWitness } from '../dbus/bus-watch.ts';
import { BUS, DbusCallError, type DbusConnection } from '../dbus/dbus-connection.ts';

/** The screen savers of the desktops, which lock, by their names on the session bus. */
const SAVERS: readonly { readonly name: string; readonly paths: readonly string[] }[] = [
  // KDE, and those that take over its interface: xscreensaver's helper, light-locker.
  { name: 'org.freedesktop.ScreenSaver', paths: ['/org/freedesktop/ScreenSaver', '/ScreenSaver'] },
  { name: 'org.gnome.ScreenSaver', paths: ['/org/gnome/ScreenSaver'] },
  { name: 'org.cinnamon.ScreenSaver', paths: ['/org/cinnamon/ScreenSaver'] },
  { name: 'org.mate.ScreenSaver', paths: ['/org/mate/ScreenSaver'] },
  { name: 'org.xfce.ScreenSaver', paths: ['/org/xfce/ScreenSaver'] },
];

/**
 * The session's screen savers. One that covers the screen counts as a lock, whether or not it asks for a password: who
 * sits there has left. https://specifications.freedesktop.org/idle-inhibit-spec/latest/
 */
export const SCREEN_SAVERS: BusWitness<boolean> = {
  rules: SAVERS.flatMap(({ name }) => [
    `interface='${name}',member='ActiveChanged'`,
    `sender='${BUS.destination}',member='NameOwnerChanged',arg0='${name}'`,
  ]),
  ask: async (connection) => {
    const answers = await Promise.all(SAVERS.map(({ name, paths }) => isActive(connection, name, paths)));
    return answers.includes(true);
  },
};

async function isActive(
  connection: DbusConnection,
  name: string,
  paths: readonly string[],
): Promise<boolean> {
  // Whoever calls a name that nobody has starts the program that would have it.
  const owned = await connection.call({ ...BUS, member: 'NameHasOwner', signature: 's', body: [name] });
  if (owned.body[0] !== true) return false;
  for (const path of paths) {
    try {
      const answer = await connection.call({ destination: name, path, interface: name, member: 'GetActive' });
      return answer.body[0] === true;
    } catch (error) {
      if (!(error instanceof DbusCallError)) throw error;
    }
  }
  return false;
}
