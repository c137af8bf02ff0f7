import type { BusWitness } from '../dbus/bus-watch.ts';
import { contentOf, listOf } from '../dbus/dbus-codec.ts';
import type { DbusConnection } from '../dbus/dbus-connection.ts';

const LOGIND = 'org.freedesktop.login1';
const SESSION = `${LOGIND}.Session`;
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/**
 * The user's own login sessions, as systemd-logind knows them: lockers of all kinds tell it. `sessionId` is the one that
 * this process belongs to, if that is known; else any of the user's sessions at a seat counts.
 * https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.login1.html
 */
export function loginSessions(userId: number, sessionId: string | undefined): BusWitness<boolean> {
  return {
    rules: [
      `sender='${LOGIND}',interface='${PROPERTIES}',member='PropertiesChanged',path_namespace='/org/freedesktop/login1/session'`,
    ],
    ask: async (connection) => {
      const sessions = await listSessions(connection);
      const own = sessions.filter((session) => session.userId === userId && session.seat !== '');
      const mine = own.filter(({ id }) => id === sessionId);
      const hints = (mine.length > 0 ? mine : own).map(({ path }) => readHint(connection, path));
      return (await Promise.all(hints)).includes(true);
    },
  };
}

interface LoginSession {
  readonly id: string;
  readonly userId: number;
  readonly seat: string;
  readonly path: string;
}

async function listSessions(connection: DbusConnection): Promise<LoginSession[]> {
  const answer = await connection.call({
    destination: LOGIND,
    path: '/org/freedesktop/login1',
    interface: `${LOGIND}.Manager`,
    member: 'ListSessions',
  });
  return listOf(answer.body[0]).map((entry) => {
    const [id, userId, , seat, path] = listOf(entry);
    return { id: String(id), userId: Number(userId), seat: String(seat), path: String(path) };
  });
}

async function readHint(connection: DbusConnection, path: string): Promise<boolean> {
  const answer = await connection.call({
    destination: LOGIND,
    path,
    interface: PROPERTIES,
    member: 'Get',
    signature: 'ss',
    body: [SESSION, 'LockedHint'],
  });
  return contentOf(answer.body[0]) === true;
}
