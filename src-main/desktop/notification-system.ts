import { app, nativeImage } from 'electron';
import type { Clock } from '../clock.ts';
import type { Notice, NoticeResponse, Notifier } from '../events/notification-port.ts';
import type { Logger } from '../logger.ts';
import { findSessionBus } from './dbus/dbus-address.ts';
import { ElectronNotifier } from './notification-electron.ts';
import { FreedesktopNotifier } from './notification-freedesktop.ts';

/** The app's name in electron-builder.yml: Windows shows notifications of apps alone that it knows by theirs. */
const WINDOWS_APP_ID = 'app.porthole.agent';

/** The notifier of the system that this runs on. `iconFile` is the absolute path of the picture beside each notice. */
export function createSystemNotifier(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly iconFile: string;
  readonly onResponse: (notice: Notice, response: NoticeResponse) => void;
}): Notifier {
  if (process.platform === 'linux') {
    // The notification server cannot look into the archive; electron-builder.yml says that this lies beside it.
    const iconFile = options.iconFile.replace('app.asar/', 'app.asar.unpacked/');
    return new FreedesktopNotifier({ ...options, iconFile, busSockets: findSessionBus(process.env) });
  }
  if (process.platform === 'win32') app.setAppUserModelId(WINDOWS_APP_ID);
  return new ElectronNotifier({ ...options, icon: nativeImage.createFromPath(options.iconFile) });
}
