import { powerMonitor } from 'electron';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { watchLinuxScreenLock } from './lock/linux-screen-lock.ts';
import { findOutsideUser } from './lock/outside-user.ts';
import type { XLink } from './x11/x-link.ts';

/**
 * Tells `onLock` whenever the screen is locked or unlocked, until the returned function is called; and keeps on record
 * when the machine sleeps, which explains gaps in everything else. To be called once Electron is ready.
 */
export function watchScreenLock(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly xLink: XLink;
  readonly onLock: (isLocked: boolean) => void;
}): () => void {
  const { clock, log } = options;
  const onSuspend = (): void => log.info({}, 'the machine goes to sleep');
  const onResume = (): void => log.info({}, 'the machine is awake again');
  const onChange = (isLocked: boolean): void => {
    log.info({}, isLocked ? 'the screen is locked' : 'the screen is unlocked');
    options.onLock(isLocked);
  };
  powerMonitor.on('suspend', onSuspend).on('resume', onResume);
  const unwatch =
    process.platform === 'linux'
      ? watchLinuxScreenLock({
          clock,
          env: process.env,
          userId: findOutsideUser(process.getuid?.() ?? -1),
          connectX: () => options.xLink.connect(),
          onChange,
        })
      : followPowerMonitor(onChange);
  return () => {
    powerMonitor.off('suspend', onSuspend).off('resume', onResume);
    unwatch();
  };
}

/** macOS and Windows, where Electron tells. */
function followPowerMonitor(onChange: (isLocked: boolean) => void): () => void {
  const onLock = (): void => onChange(true);
  const onUnlock = (): void => onChange(false);
  powerMonitor.on('lock-screen', onLock).on('unlock-screen', onUnlock);
  return () => {
    powerMonitor.off('lock-screen', onLock).off('unlock-screen', onUnlock);
  };
}
