import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import type { Clock } from '../../clock.ts';
import { BusWatch, type BusWitness } from '../dbus/bus-watch.ts';
import { findSessionBus } from '../dbus/dbus-address.ts';
import { listOf } from '../dbus/dbus-codec.ts';
import { BUS, type DbusConnection } from '../dbus/dbus-connection.ts';
import { PORTAL, PORTAL_BACKENDS } from './screen-portal.ts';

/** Has dialogs of other kinds alone, and may come and go. */
const NOT_OF_SCREENS = `${PORTAL_BACKENDS}.gtk`;

/**
 * Whoever is the portal and its backends, as `name owner` pairs. Names that are taken over at once, by a portal that the bus
 * started anew, are those of others: it knows nothing of the captures of the one before.
 */
export const PORTAL_OWNERS: BusWitness<string> = {
  rules: [
    `sender='${BUS.destination}',member='NameOwnerChanged',arg0='${PORTAL}'`,
    `sender='${BUS.destination}',member='NameOwnerChanged',arg0namespace='${PORTAL_BACKENDS}'`,
  ],
  ask: async (connection) => {
    const { body } = await connection.call({ ...BUS, member: 'ListNames' });
    const names = listOf(body[0])
      .map(String)
      .filter(
        (name) => name === PORTAL || (name.startsWith(`${PORTAL_BACKENDS}.`) && name !== NOT_OF_SCREENS),
      );
    const owners = await Promise.all(names.sort().map((name) => ownerOf(connection, name)));
    return owners.filter((pair) => pair !== null).join('\n');
  },
};

async function ownerOf(connection: DbusConnection, name: string): Promise<string | null> {
  try {
    const { body } = await connection.call({ ...BUS, member: 'GetNameOwner', signature: 's', body: [name] });
    return `${name} ${String(body[0])}`;
  } catch {
    // It left while we asked.
    return null;
  }
}

/** Whether one of `before` is gone, by what {@link PORTAL_OWNERS} answers. */
export function hasLostOwner(before: string, now: string): boolean {
  const left = new Set(now.split('\n'));
  return before.split('\n').some((pair) => pair !== '' && !left.has(pair));
}

/** Hears when what captures through the portal has gone away; `reason` is a clause for people. */
export interface PortalLife {
  /** Until the returned function is called. */
  watch(onLost: (reason: string) => void): () => void;
  /** Lets go of everything. Idempotent. */
  close(): void;
}

/**
 * Follows the portal and PipeWire, which captures depend on. Nobody else tells: the portal tells the connection that asked
 * it, which is Chromium's, and PipeWire sends pictures on changes alone, so that silence proves nothing.
 */
export function watchPortalLife(clock: Clock, env: NodeJS.ProcessEnv): PortalLife {
  const listeners = new Set<(reason: string) => void>();
  const tell = (reason: string): void => {
    for (const listener of [...listeners]) listener(reason);
  };
  let owners = '';
  const bus = new BusWatch<string>({
    sockets: findSessionBus(env),
    witness: PORTAL_OWNERS,
    initial: owners,
    clock,
    onChange: (now) => {
      const isLost = hasLostOwner(owners, now);
      owners = now;
      if (isLost) tell("the desktop's portal went away");
    },
  });
  return {
    watch: (onLost) => {
      listeners.add(onLost);
      const letGo = hearEnd(pipewireSocket(env), () => {
        if (listeners.has(onLost)) onLost('PipeWire, which carries the pictures of the screen, went away');
      });
      return () => {
        listeners.delete(onLost);
        letGo();
      };
    },
    close: () => {
      listeners.clear();
      bus.close();
    },
  };
}

/** https://docs.pipewire.org/page_man_pipewire_1.html, section Environment */
function pipewireSocket(env: NodeJS.ProcessEnv): string | null {
  const folder = env.PIPEWIRE_RUNTIME_DIR || env.XDG_RUNTIME_DIR;
  return folder ? path.resolve(folder, env.PIPEWIRE_REMOTE || 'pipewire-0') : null;
}

/** Calls `onEnd` when whoever listens at a socket is gone; never where nobody listens to begin with. */
function hearEnd(file: string | null, onEnd: () => void): () => void {
  if (!file || !existsSync(file)) return () => undefined;
  const socket = connect(file);
  socket.unref();
  socket.on('error', () => socket.destroy());
  socket.once('connect', () => socket.once('close', onEnd));
  // What it may say is of no interest, and its end is told only to whoever reads.
  socket.resume();
  return () => {
    socket.off('close', onEnd);
    socket.destroy();
  };
}
