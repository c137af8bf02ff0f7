import { type BrowserWindow, nativeTheme, type Rectangle, screen, session, shell } from 'electron';
import { createHardenedWindow } from './hardened-window.ts';
import { placeBesideTray } from './panel-placement.ts';

/** What a {@link PanelWindow} works with. */
export interface PanelWindowOptions {
  /** The agent's address. */
  readonly url: string;
  /** Absolute path of the picture that the system shows for the window. */
  readonly iconFile: string;
  /** A ticket that lets the window in as the panel. */
  readonly issueTicket: () => string;
  /** Told each time that the person closes the window, which only hides it. */
  readonly onHidden: () => void;
}

const WIDTH_PX = 420;
const HEIGHT_PX = 680;
const MIN_WIDTH_PX = 320;
// As the page's own, so that nothing flashes before it has been painted.
const BACKGROUND = { light: '#f3f5f7', dark: '#14181c' } as const;

/**
 * The agent's own window: the panel, as the agent serves it. Closing it hides it: the sessions that it started live
 * by its heartbeat.
 */
export class PanelWindow {
  readonly #options: PanelWindowOptions;
  #window: BrowserWindow | null = null;

  constructor(options: PanelWindowOptions) {
    this.#options = options;
  }

  /**
   * Shows the panel in front, opening it if need be; beside the tray icon if `icon` says where that is and the
   * window was not to be seen.
   */
  show(icon: Rectangle | null = null): void {
    const window = this.#window ?? this.#open();
    if (icon && !window.isVisible()) {
      const { workArea } = screen.getDisplayMatching(icon);
      const { x, y } = placeBesideTray(icon, window.getBounds(), workArea);
      window.setPosition(x, y);
    }
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
  }

  /** Hides the panel if the person is looking at it, else shows it as {@link show} does. */
  toggle(icon: Rectangle | null): void {
    if (this.#window?.isVisible() && this.#window.isFocused()) this.#window.hide();
    else this.show(icon);
  }

  /** Closes the window for good. Idempotent. */
  close(): void {
    this.#window?.destroy();
    this.#window = null;
  }

  #open(): BrowserWindow {
    const { url } = this.#options;
    const window = createHardenedWindow({
      window: {
        width: WIDTH_PX,
        height: HEIGHT_PX,
        minWidth: MIN_WIDTH_PX,
        title: 'Porthole',
        icon: this.#options.iconFile,
        autoHideMenuBar: true,
        show: false,
        backgroundColor: nativeTheme.shouldUseDarkColors ? BACKGROUND.dark : BACKGROUND.light,
      },
      session: session.defaultSession,
      preload: null,
      allowedOrigin: url,
      // The button that copies a stream's link.
      allowPermission: (permission) => permission === 'clipboard-sanitized-write',
    });
    // Streams and viewers are for browsers: a link to one leaves the app, and nothing else does.
    window.webContents.setWindowOpenHandler((opened) => {
      if (['stream', 'view'].some((place) => opened.url.startsWith(`${url}/${place}/`)))
        void shell.openExternal(opened.url);
      return { action: 'deny' };
    });
    window.on('close', (event) => {
      event.preventDefault();
      window.hide();
      this.#options.onHidden();
    });
    window.on('closed', () => {
      this.#window = null;
    });
    // Whoever sees a dead page must get a live one; it takes up its sessions again.
    window.webContents.on('render-process-gone', () => this.#load(window));
    this.#load(window);
    this.#window = window;
    return window;
  }

  #load(window: BrowserWindow): void {
    const { url, issueTicket } = this.#options;
    void window.loadURL(`${url}/?ticket=${issueTicket()}`);
  }
}
