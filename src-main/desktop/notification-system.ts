import { nativeImage } from 'electron';
import type { Clock } from '../clock.ts';
import type { Notice, NoticeResponse, Notifier } from '../events/notification-port.ts';
import type { Logger } from '../logger.ts';
import { findSessionBus } from './dbus/dbus-address.ts';
import { ElectronNotifier } from './notification-electron.ts';
import { FreedesktopNotifier } from './notification-freedesktop.ts';

/** The notifier of the system that this runs on. `iconFile` is the absolute path of the picture beside each notice. */
export function createSystemNotifier(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly iconFile: string;
  readonly onResponse: (notice: Notice, response: NoticeResponse) => void;
}): Notifier {
  return process.platform === 'linux'
    ? new FreedesktopNotifier({ ...options, busSockets: findSessionBus(process.env) })
    : new ElectronNotifier({ ...options, icon: nativeImage.createFromPath(options.iconFile) });
}
