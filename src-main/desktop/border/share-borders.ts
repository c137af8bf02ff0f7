import { type Display, desktopCapturer, type Rectangle, screen } from 'electron';
import type { LiveSession } from '#shared/sessions';
import type { Settings } from '#shared/settings';
import type { Logger } from '../../logger.ts';
import type { ViewerState } from '../../stream/viewer.ts';
import { isWaylandSession } from '../display-server.ts';
import { hasBorders, planBorders } from './border-plan.ts';
import { OwnWindows } from './own-windows.ts';
import { ScreenBorder } from './screen-border.ts';

/** What {@link ShareBorders} show. */
export interface ShareBordersOptions {
  readonly sessions: () => readonly LiveSession[];
  readonly viewers: () => readonly ViewerState[];
  readonly setting: () => Settings['shareBorder'];
  readonly log: Logger;
}

/** The borders around the screens that are shared now: there with the share, and gone with it. */
export class ShareBorders {
  readonly #options: ShareBordersOptions;
  readonly #borders = new Map<number, ScreenBorder>();
  /** Which display a screen's source id means; found out once for each. Null while that is not known, or there is none. */
  #displayIds = new Map<string, number | null>();
  readonly #onDisplays = (): void => this.#startAnew();
  readonly #ownWindows = new OwnWindows(() => {
    for (const border of this.#borders.values()) border.makeRoom();
  });
  #closed = false;

  constructor(options: ShareBordersOptions) {
    this.#options = options;
    screen.on('display-added', this.#onDisplays);
    screen.on('display-removed', this.#onDisplays);
    screen.on('display-metrics-changed', this.#onDisplays);
  }

  /** Brings the borders to what is shared and watched now; to be called after every change of either. */
  refresh(): void {
    if (this.#closed) return;
    const wanted = new Map<number, string>();
    for (const { sourceId, text } of this.#plan()) {
      const display = this.#displayOf(sourceId);
      if (display) wanted.set(display.id, text);
    }
    for (const [displayId, border] of this.#borders) {
      if (wanted.has(displayId)) continue;
      border.close();
      this.#borders.delete(displayId);
    }
    for (const [displayId, text] of wanted) {
      const display = screen.getAllDisplays().find(({ id }) => id === displayId);
      const border = this.#borders.get(displayId);
      if (border) border.say(text);
      else if (display) this.#borders.set(displayId, this.#draw(display, text));
    }
  }

  /** Takes all borders away. Idempotent. */
  close(): void {
    this.#closed = true;
    screen.off('display-added', this.#onDisplays);
    screen.off('display-removed', this.#onDisplays);
    screen.off('display-metrics-changed', this.#onDisplays);
    this.#ownWindows.close();
    this.#takeAway();
  }

  #draw(display: Display, text: string): ScreenBorder {
    const ownAreas = (): Rectangle[] => this.#ownWindows.areas();
    return new ScreenBorder({ display, ownAreas, log: this.#options.log }, text);
  }

  #plan() {
    const { setting, sessions, viewers } = this.#options;
    // On Wayland nobody tells which screen the person chose in the portal.
    const isWanted = hasBorders(setting(), process.platform) && !isWaylandSession();
    return isWanted ? planBorders(sessions(), viewers()) : [];
  }

  #startAnew(): void {
    this.#takeAway();
    this.#displayIds = new Map();
    this.refresh();
  }

  #takeAway(): void {
    for (const border of this.#borders.values()) border.close();
    this.#borders.clear();
  }

  /** The display of a source. Undefined if it is gone, or not yet known: then the borders are refreshed once it is. */
  #displayOf(sourceId: string | null): Display | undefined {
    if (sourceId === null) return screen.getPrimaryDisplay();
    if (!this.#displayIds.has(sourceId)) void this.#findDisplay(sourceId);
    const displayId = this.#displayIds.get(sourceId);
    return screen.getAllDisplays().find(({ id }) => id === displayId);
  }

  async #findDisplay(sourceId: string): Promise<void> {
    // What is found counts for the displays of now, not for those that there are by then.
    const displayIds = this.#displayIds.set(sourceId, null);
    try {
      const thumbnailSize = { width: 0, height: 0 };
      const sources = await desktopCapturer.getSources({ types: ['screen'], thumbnailSize });
      const found = sources.find(({ id }) => id === sourceId);
      // Unplugged: no other display is shared in its place.
      if (!found) return;
      // A part of a display that is shared as a screen of its own has none, and where there is one there is no choice.
      const only = screen.getAllDisplays().length === 1 ? screen.getPrimaryDisplay().id : null;
      displayIds.set(sourceId, Number(found.display_id) || only);
      this.refresh();
    } catch (error) {
      displayIds.delete(sourceId);
      this.#options.log.error({ err: error }, 'the display of a shared screen could not be found');
    }
  }
}
