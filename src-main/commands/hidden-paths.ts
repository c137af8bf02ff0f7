import path from 'node:path';
import { BUS_VARIABLES } from './command-environment.ts';

/** What of this machine commands are to be kept from. */
export interface HiddenPathsOptions {
  /** Where the agent keeps its files. */
  readonly dataFolder: string;
  /** Whether commands may talk to the user's session bus, and so have others start programs for them. */
  readonly mayUseBus: boolean;
  /** The agent's own environment. */
  readonly env: NodeJS.ProcessEnv;
  /** The agent's own user, or null where the system has no such number. */
  readonly uid: number | null;
}

/**
 * Files and folders that commands do not see, where they have a view of the machine of their own: the agent's, which
 * it believes what it reads in, and the sockets by which the user's service manager and session bus start programs that
 * are nobody's descendants. A bus that is not a file cannot be hidden.
 */
export function listHiddenPaths({ dataFolder, mayUseBus, env, uid }: HiddenPathsOptions): string[] {
  if (mayUseBus) return [dataFolder];
  const own = uid === null ? [] : [`/run/user/${uid}`];
  const runtimeFolders = new Set(
    [env.XDG_RUNTIME_DIR ?? '', ...own].filter((folder) => path.isAbsolute(folder)),
  );
  return [
    dataFolder,
    ...[...runtimeFolders].flatMap((folder) => [path.join(folder, 'bus'), path.join(folder, 'systemd')]),
    ...[...BUS_VARIABLES].flatMap((name) => listBusFiles(env[name] ?? '')),
  ];
}

/** The sockets of a bus address (https://dbus.freedesktop.org/doc/dbus-specification.html#addresses). */
function listBusFiles(address: string): string[] {
  return address.split(';').flatMap((one) => {
    const value = /^unix:(?:.*,)?path=([^,]*)/.exec(one)?.[1];
    if (value === undefined) return [];
    try {
      const file = decodeURIComponent(value);
      return path.isAbsolute(file) ? [file] : [];
    } catch {
      return [];
    }
  });
}
