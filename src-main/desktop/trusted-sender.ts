import type { IpcMainEvent, WebContents } from 'electron';

/**
 * Whether a message comes from the page that a window was made for: its main frame, at the address that we loaded. A
 * frame within it, or a page that came in its place, has nothing to say
 * (https://www.electronjs.org/docs/latest/tutorial/security#17-validate-the-sender-of-all-ipc-messages).
 */
export function isTrustedSender(event: IpcMainEvent, contents: WebContents, url: string): boolean {
  const { senderFrame } = event;
  return senderFrame !== null && senderFrame === contents.mainFrame && senderFrame.url === url;
}
