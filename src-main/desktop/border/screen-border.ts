import { BaseWindow, type BaseWindowConstructorOptions, type BrowserWindow, type Display } from 'electron';
import type { Logger } from '../../logger.ts';
import { createHardenedWindow } from '../hardened-window.ts';
import { placeBadge, placeStrips } from './border-geometry.ts';
import { BORDER_COLOUR, BORDER_ORIGIN, borderUrl, getBorderSession } from './border-page.ts';

const LOOKS: BaseWindowConstructorOptions = {
  show: false,
  frame: false,
  hasShadow: false,
  roundedCorners: false,
  thickFrame: false,
  resizable: false,
  movable: false,
  minimizable: false,
  maximizable: false,
  fullscreenable: false,
  // On Linux this also keeps the window manager from placing it.
  focusable: false,
  skipTaskbar: true,
  enableLargerThanScreen: true,
  backgroundColor: BORDER_COLOUR,
  title: 'Porthole border',
};

/**
 * A border around one display and a line of text at its top, above everything, through which one clicks as if it were
 * not there. Strips along the edges instead of one window over all: without a compositor that would be a black screen.
 */
export class ScreenBorder {
  readonly #display: Display;
  readonly #log: Logger;
  readonly #strips: BaseWindow[];
  readonly #badge: BrowserWindow;
  #text: string | null = null;

  /** Appears at once; `close()` takes it away. */
  constructor(display: Display, text: string, log: Logger) {
    this.#display = display;
    this.#log = log;
    // They hold no page, and so no process of their own.
    this.#strips = placeStrips(display.bounds).map((bounds) => new BaseWindow({ ...LOOKS, ...bounds }));
    this.#badge = createHardenedWindow({
      window: { ...LOOKS, ...placeBadge(display.workArea, text) },
      session: getBorderSession(),
      preload: null,
      allowedOrigin: BORDER_ORIGIN,
    });
    for (const window of [...this.#strips, this.#badge]) {
      window.setIgnoreMouseEvents(true);
      window.setAlwaysOnTop(true, 'screen-saver');
      window.setVisibleOnAllWorkspaces(true, { visibleOnFullScreen: true });
      // Keeps it out of what is captured, on the platforms that can.
      window.setContentProtection(true);
    }
    for (const strip of this.#strips) strip.showInactive();
    this.say(text);
  }

  /** Changes the line of text. */
  say(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    this.#badge.setBounds(placeBadge(this.#display.workArea, text));
    this.#badge.loadURL(borderUrl(text)).then(
      () => {
        if (!this.#badge.isDestroyed()) this.#badge.showInactive();
      },
      (error: unknown) => {
        // Overtaken by the next text, or closed.
        if (text === this.#text && !this.#badge.isDestroyed())
          this.#log.error({ err: error }, 'the border of a shared screen could not name who watches');
      },
    );
  }

  /** Takes it away at once. */
  close(): void {
    for (const window of [...this.#strips, this.#badge]) if (!window.isDestroyed()) window.destroy();
  }
}
