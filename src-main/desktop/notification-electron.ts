import { type NativeImage, Notification } from 'electron';
import type { Notice, NoticeResponse, Notifier } from '../events/notification-port.ts';
import type { Logger } from '../logger.ts';

/** What an {@link ElectronNotifier} works with. */
export interface ElectronNotifierOptions {
  readonly log: Logger;
  readonly icon: NativeImage;
  readonly onResponse: (notice: Notice, response: NoticeResponse) => void;
}

// In the order of the buttons.
const BUTTONS = [
  { text: 'Approve', response: 'allow' },
  { text: 'Deny', response: 'deny' },
] as const satisfies readonly { text: string; response: NoticeResponse }[];

/**
 * Notices on macOS and Windows, by Electron. Requests have the buttons Approve and Deny there; systems that show none
 * (an app that is not signed, on macOS) leave the click, which opens.
 * https://www.electronjs.org/docs/latest/api/notification
 */
export class ElectronNotifier implements Notifier {
  readonly #options: ElectronNotifierOptions;
  readonly #shown = new Map<string, Notification>();

  constructor(options: ElectronNotifierOptions) {
    this.#options = options;
  }

  show(notice: Notice): void {
    this.withdraw(notice.tag);
    if (!Notification.isSupported()) return;
    const { onResponse, log, icon } = this.#options;
    const notification = new Notification({
      title: notice.title,
      body: notice.body,
      icon,
      urgency: notice.urgency === 'high' ? 'critical' : 'normal',
      timeoutType: notice.urgency === 'high' ? 'never' : 'default',
      actions: notice.approvalId === null ? [] : BUTTONS.map(({ text }) => ({ type: 'button', text })),
    });
    const forget = (): void => {
      if (this.#shown.get(notice.tag) === notification) this.#shown.delete(notice.tag);
    };
    notification.on('click', () => {
      forget();
      onResponse(notice, 'open');
    });
    notification.on('action', (details, index) => {
      forget();
      // Electron before version 40 gives the index as an argument of its own only.
      onResponse(notice, BUTTONS[details.actionIndex ?? index]?.response ?? 'open');
    });
    notification.on('close', forget);
    notification.on('failed', (_event, error) => {
      forget();
      log.warn({ error }, 'a notification cannot be shown');
    });
    // Also keeps the object from being collected, and its events with it.
    this.#shown.set(notice.tag, notification);
    notification.show();
  }

  withdraw(tag: string): void {
    const notification = this.#shown.get(tag);
    this.#shown.delete(tag);
    notification?.close();
  }

  async close(): Promise<void> {
    for (const tag of [...this.#shown.keys()]) this.withdraw(tag);
  }
}
