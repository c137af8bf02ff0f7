import path from 'node:path';

/** Some thirty sockets, of the longest path that a socket can have. */
const MAX_ADDRESS_LENGTH = 4096;

/**
 * The sockets at which a D-Bus server address (`unix:path=/run/user/1000/bus`, several parted by semicolons) can be
 * reached, in its order, as paths for `net.connect`. Transports besides Unix sockets are passed over, and so is an address
 * of more than 4096 characters, which no bus has.
 * https://dbus.freedesktop.org/doc/dbus-specification.html#addresses
 */
export function readSocketPaths(address: string, runtimeFolder: string | undefined): string[] {
  if (address.length > MAX_ADDRESS_LENGTH) return [];
  return address.split(';').flatMap((entry) => {
    const [transport, parameters = ''] = entry.split(/:(.*)/s);
    if (transport !== 'unix') return [];
    const values = new Map(
      parameters.split(',').map((pair) => {
        const [key = '', value = ''] = pair.split(/=(.*)/s);
        return [key, unescapeValue(value)];
      }),
    );
    const file = values.get('path');
    const abstract = values.get('abstract');
    if (file) return [file];
    if (abstract) return [`\0${abstract}`];
    return values.get('runtime') === 'yes' && runtimeFolder ? [path.join(runtimeFolder, 'bus')] : [];
  });
}

/** Where the user's session bus is: what the environment says, else where systemd puts it. None if neither is known. */
export function findSessionBus(env: NodeJS.ProcessEnv): string[] {
  const runtimeFolder = env.XDG_RUNTIME_DIR;
  const address = env.DBUS_SESSION_BUS_ADDRESS || (runtimeFolder ? 'unix:runtime=yes' : '');
  return readSocketPaths(address, runtimeFolder);
}

/** Where the system bus is: what the environment says, else where every distribution puts it. */
export function findSystemBus(env: NodeJS.ProcessEnv): string[] {
  const address = env.DBUS_SYSTEM_BUS_ADDRESS || 'unix:path=/run/dbus/system_bus_socket';
  return readSocketPaths(address, env.XDG_RUNTIME_DIR);
}

function unescapeValue(value: string): string {
  return value.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
