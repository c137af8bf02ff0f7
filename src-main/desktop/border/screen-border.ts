import {
  BaseWindow,
  type BaseWindowConstructorOptions,
  type BrowserWindow,
  type Display,
  type Rectangle,
} from 'electron';
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

/** What a {@link ScreenBorder} is made for. */
export interface ScreenBorderOptions {
  readonly display: Display;
  /** Where the agent's own windows are. */
  readonly ownAreas: () => readonly Rectangle[];
  readonly log: Logger;
}

/**
 * A border around one display and a line of text at its edge, above everything but the agent's own windows, through
 * which one clicks as if it were not there. Without room for it there is no line. Strips along the edges instead of one window over all: without a compositor that would be a black screen.
 */
export class ScreenBorder {
  readonly #options: ScreenBorderOptions;
  readonly #strips: BaseWindow[];
  readonly #badge: BrowserWindow;
  #text: string | null = null;
  /** Whether the badge's page says the text of now. */
  #isWritten = false;

  /** Appears at once; `close()` takes it away. */
  constructor(options: ScreenBorderOptions, text: string) {
    this.#options = options;
    // They hold no page, and so no process of their own.
    this.#strips = placeStrips(options.display.bounds).map(
      (bounds) => new BaseWindow({ ...LOOKS, ...bounds }),
    );
    this.#badge = createHardenedWindow({
      window: LOOKS,
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
    this.#isWritten = false;
    this.makeRoom();
    this.#badge.loadURL(borderUrl(text)).then(
      () => {
        if (text !== this.#text || this.#badge.isDestroyed()) return;
        this.#isWritten = true;
        this.makeRoom();
      },
      (error: unknown) => {
        // Overtaken by the next text, or closed.
        if (text === this.#text && !this.#badge.isDestroyed())
          this.#options.log.error({ err: error }, 'the border of a shared screen could not name who watches');
      },
    );
  }

  /** Puts the line of text where the agent's own windows are not; to be called when they have changed. */
  makeRoom(): void {
    if (this.#badge.isDestroyed()) return;
    const { display, ownAreas } = this.#options;
    const place = placeBadge(display.workArea, this.#text ?? '', ownAreas());
    if (!place) {
      if (this.#badge.isVisible()) this.#badge.hide();
      return;
    }
    this.#badge.setBounds(place);
    if (this.#isWritten && !this.#badge.isVisible()) this.#badge.showInactive();
  }

  /** Takes it away at once. */
  close(): void {
    for (const window of [...this.#strips, this.#badge]) if (!window.isDestroyed()) window.destroy();
  }
}
