import type { Clock } from '../../clock.ts';
import { BusWatch } from '../dbus/bus-watch.ts';
import { findSessionBus, findSystemBus } from '../dbus/dbus-address.ts';
import { loginSessions } from './login-sessions.ts';
import { SCREEN_SAVERS } from './screen-savers.ts';
import { type SaverFacts, watchXScreenSaver } from './x-screen-saver.ts';

/**
 * Follows whether the screen is locked, on Linux, where Electron does not tell
 * (https://github.com/electron/electron/issues/38088): by the session's screen savers, on their bus and on the X server,
 * and by systemd-logind. It counts as locked for as long as one of them says so. The returned function ends it.
 */
export function watchLinuxScreenLock(options: {
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  readonly userId: number;
  /** The X server, or null where there is none. */
  readonly connectX: () => Promise<SaverFacts | null>;
  readonly onChange: (isLocked: boolean) => void;
}): () => void {
  const { clock, env, userId } = options;
  const locked = new Set<string>();
  const follow = (name: string) => (isLocked: boolean) => {
    const before = locked.size > 0;
    if (isLocked) locked.add(name);
    else locked.delete(name);
    const now = locked.size > 0;
    if (now !== before) options.onChange(now);
  };
  const watches = [
    new BusWatch({
      initial: false,
      sockets: findSessionBus(env),
      witness: SCREEN_SAVERS,
      clock,
      onChange: follow('session'),
    }),
    new BusWatch({
      initial: false,
      sockets: findSystemBus(env),
      witness: loginSessions(userId, env.XDG_SESSION_ID),
      clock,
      onChange: follow('login'),
    }),
  ];
  let unwatchX: (() => void) | null = null;
  let isClosed = false;
  void options.connectX().then((facts) => {
    if (facts && !isClosed) unwatchX = watchXScreenSaver({ facts, clock, onChange: follow('x') });
  });
  return () => {
    isClosed = true;
    for (const watch of watches) watch.close();
    unwatchX?.();
  };
}
