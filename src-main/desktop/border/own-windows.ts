import { app, BrowserWindow, type Rectangle } from 'electron';
import { getBorderSession } from './border-page.ts';

/** What a window manager may put around a window, of which Electron does not tell on Linux. */
const TITLE_BAR_PX = 32;
const EDGE_PX = 6;

/** The agent's own windows on the screen, which nothing of the agent's is to cover. */
export class OwnWindows {
  readonly #onChange: () => void;
  readonly #onCreated = (_event: unknown, window: BrowserWindow): void => this.#follow(window);
  readonly #unfollow = new Map<BrowserWindow, () => void>();

  /** `onChange` is called whenever one of them comes, goes, moves or changes its size. */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
    app.on('browser-window-created', this.#onCreated);
    for (const window of BrowserWindow.getAllWindows()) this.#follow(window);
  }

  /** Where they are, what is around them included. */
  areas(): Rectangle[] {
    return [...this.#unfollow.keys()]
      .filter((window) => isSeen(window))
      .map((window) => {
        const { x, y, width, height } = window.getBounds();
        return {
          x: x - EDGE_PX,
          y: y - TITLE_BAR_PX,
          width: width + 2 * EDGE_PX,
          height: height + TITLE_BAR_PX + EDGE_PX,
        };
      });
  }

  /** Follows them no more. */
  close(): void {
    app.off('browser-window-created', this.#onCreated);
    for (const unfollow of this.#unfollow.values()) unfollow();
    this.#unfollow.clear();
  }

  #follow(window: BrowserWindow): void {
    // Lines of text make room, they take none.
    if (window.webContents.session === getBorderSession()) return;
    const onChange = this.#onChange;
    const onClosed = (): void => {
      this.#unfollow.delete(window);
      onChange();
    };
    window.on('show', onChange).on('hide', onChange).on('minimize', onChange).on('restore', onChange);
    window.on('move', onChange).on('resize', onChange).on('closed', onClosed);
    this.#unfollow.set(window, () => {
      window.off('show', onChange).off('hide', onChange).off('minimize', onChange).off('restore', onChange);
      window.off('move', onChange).off('resize', onChange).off('closed', onClosed);
    });
  }
}

/** Capture windows are never shown. */
function isSeen(window: BrowserWindow): boolean {
  return !window.isDestroyed() && window.isVisible() && !window.isMinimized();
}
