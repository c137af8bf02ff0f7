import { type BrowserWindow, screen } from 'electron';
import { PROMPT_SIGHT_CHANNEL, type PromptSightMessage } from '#shared/prompt-messages';
import type { Clock } from '../clock.ts';
import { drawsToX, tellsPointer } from './display-server.ts';
import { WindowSight } from './x11/window-sight.ts';
import type { XLink } from './x11/x-link.ts';

/**
 * Tells the pages of prompts whether their window is seen in whole and where the pointer was when that changed, keeps it
 * above what fills the screen, and gives it the keyboard once the person presses into it. Where windows are not drawn to
 * an X server the system keeps them above and gives the keyboard, and a window is taken to be seen.
 */
export class PromptSight {
  readonly #clock: Clock;
  readonly #xLink: XLink;

  constructor(clock: Clock, xLink: XLink) {
    this.#clock = clock;
    this.#xLink = xLink;
  }

  /** Watches a new window until it is closed. */
  watch(window: BrowserWindow): void {
    const { webContents } = window;
    let isSeen = !drawsToX();
    const tell = (now = isSeen): void => {
      isSeen = now;
      if (window.isDestroyed()) return;
      const message: PromptSightMessage = { isSeen, pointer: placePointer(window) };
      webContents.send(PROMPT_SIGHT_CHANNEL, message);
    };
    webContents.on('dom-ready', () => tell());
    if (!drawsToX()) return;
    let sight: WindowSight | null = null;
    webContents.on('input-event', (_event, { type }) => {
      if (type === 'mouseDown') void this.focus(window);
    });
    window.once('closed', () => sight?.close());
    void this.#xLink.connect().then((server) => {
      if (window.isDestroyed()) return;
      if (!server) tell(true);
      else
        sight = new WindowSight({
          stack: server,
          clock: this.#clock,
          windowId: numberOf(window),
          onChange: tell,
        });
    });
  }

  /** Gives the keyboard to a window of {@link watch}, because the person wants it there. */
  async focus(window: BrowserWindow): Promise<void> {
    if (!drawsToX()) return window.focus();
    const server = await this.#xLink.connect();
    if (window.isDestroyed()) return;
    // Not before: a window that may take the keyboard would be the window manager's.
    window.setFocusable(true);
    server?.focus(numberOf(window));
  }
}

function placePointer(window: BrowserWindow): PromptSightMessage['pointer'] {
  if (!tellsPointer()) return 'unknown';
  const pointer = screen.getCursorScreenPoint();
  const bounds = window.getContentBounds();
  const [x, y] = [pointer.x - bounds.x, pointer.y - bounds.y];
  return x < 0 || y < 0 || x >= bounds.width || y >= bounds.height ? 'outside' : `${x} ${y}`;
}

/** The X server's number of a window. */
function numberOf(window: BrowserWindow): number {
  return window.getNativeWindowHandle().readUInt32LE(0);
}
