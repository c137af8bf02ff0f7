import { existsSync } from 'node:fs';
import { PortholeError } from '#shared/errors';
import type { Clock } from '../../clock.ts';
import { BusWatch } from '../dbus/bus-watch.ts';
import { findSessionBus } from '../dbus/dbus-address.ts';
import { explainPortal, type PortalState, SCREEN_PORTAL } from './screen-portal.ts';

/** What is known of the portal that captures screens. */
export interface PortalWatch {
  /**
   * Throws `portal_unavailable`, with the reason and its remedy, if the portal could not capture when it was last asked;
   * then it is asked anew, so that whoever tries again after the remedy succeeds.
   */
  assertReady(): void;
  /** Lets go of the bus. Idempotent. */
  close(): void;
}

/** Follows how it stands with the portal of the session whose environment `env` is. */
export function watchPortal(clock: Clock, env: NodeJS.ProcessEnv): PortalWatch {
  const sockets = findSessionBus(env);
  let state: PortalState = sockets.some((socket) => isAbstract(socket) || existsSync(socket))
    ? 'unknown'
    : 'no_bus';
  const watch = new BusWatch<PortalState>({
    sockets,
    witness: SCREEN_PORTAL,
    initial: state,
    clock,
    onChange: (now) => {
      state = now;
    },
  });
  return {
    assertReady: () => {
      const reason = explainPortal(state, env.XDG_CURRENT_DESKTOP);
      if (reason === null) return;
      watch.look();
      throw new PortholeError('portal_unavailable', reason);
    },
    close: () => watch.close(),
  };
}

/** In no folder, as Node writes such a path. */
function isAbstract(socketPath: string): boolean {
  return socketPath.startsWith('\0');
}
