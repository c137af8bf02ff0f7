import { type BrowserWindow, session, shell } from 'electron';
import { createHardenedWindow } from './hardened-window.ts';

const WIDTH_PX = 420;
const HEIGHT_PX = 680;
const MIN_WIDTH_PX = 320;

/** The agent's own window: the panel, as the agent serves it. */
export class PanelWindow {
  readonly #url: string;
  #window: BrowserWindow | null = null;

  /** `url` is the agent's address. */
  constructor(url: string) {
    this.#url = url;
  }

  /** Shows the panel in front, opening it if need be. */
  show(): void {
    const window = this.#window ?? this.#open();
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  /** Closes the window for good. Idempotent. */
  close(): void {
    this.#window?.destroy();
    this.#window = null;
  }

  #open(): BrowserWindow {
    const window = createHardenedWindow({
      window: {
        width: WIDTH_PX,
        height: HEIGHT_PX,
        minWidth: MIN_WIDTH_PX,
        title: 'Porthole',
        autoHideMenuBar: true,
      },
      session: session.defaultSession,
      preload: null,
      allowedOrigin: this.#url,
      // The button that copies a stream's link.
      allowPermission: (permission) => permission === 'clipboard-sanitized-write',
    });
    // Streams are for browsers: a link to one leaves the app, and nothing else does.
    window.webContents.setWindowOpenHandler(({ url }) => {
      if (url.startsWith(`${this.#url}/stream/`)) void shell.openExternal(url);
      return { action: 'deny' };
    });
    window.on('closed', () => {
      this.#window = null;
    });
    void window.loadURL(`${this.#url}/`);
    this.#window = window;
    return window;
  }
}
