import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { OwnHome } from '../../../scripts/own-home.mjs';
import { runProgram } from './child-process.ts';
import type { TestDisplay } from './test-display.ts';

const HEIGHT_PX = 30;
/** Where the first icon stands, middle. */
const ICON = { x: 16, y: 15 };
const ICON_SIZE_PX = 24;
/** On the bar, beside the icon. */
const AWAY = { x: 200, y: 15 };
const PATIENCE_MS = 20_000;

/** A bar with a tray (XEmbed, by tint2) along the top of a display. */
export class TrayBar {
  readonly #display: TestDisplay;
  readonly #home: OwnHome;

  private constructor(display: TestDisplay, home: OwnHome) {
    this.#display = display;
    this.#home = home;
  }

  static start(display: TestDisplay, colour: string): TrayBar {
    const home = OwnHome.make('tray');
    const config = path.join(home.folder, 'tint2rc');
    writeFileSync(
      config,
      `rounded = 0\nborder_width = 0\nbackground_color = ${colour} 100\npanel_items = S\npanel_size = 100% ${HEIGHT_PX}
panel_background_id = 1\nsystray_padding = 4 2 4\nsystray_icon_size = ${ICON_SIZE_PX}\npanel_position = top center horizontal\n`,
    );
    home.spawn('tint2', ['-c', config], { env: display.seat, stdio: 'ignore' });
    return new TrayBar(display, home);
  }

  /** The left end of the bar, as a PNG. */
  grab(): Buffer {
    return runProgram('import', ['-window', 'root', '-crop', '64x30+0+0', 'png:-'], this.#display.env);
  }

  /** The hue of the icon's glass, where it is not covered by its mark; `null` if there is no icon. */
  async iconColour(): Promise<'gray' | 'orange' | 'green' | 'red' | null> {
    const { data, info } = await sharp(this.grab()).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    // Left of the mark, right of the rim.
    const at = (ICON.y * info.width + ICON.x - 6) * 3;
    const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
    if (Math.max(red, green, blue) < 48) return null;
    if (Math.max(red, green, blue) - Math.min(red, green, blue) < 32) return 'gray';
    if (green > red) return 'green';
    return green > blue + 48 ? 'orange' : 'red';
  }

  press(): void {
    this.#click(1);
  }

  /** Opens the icon's menu, once an earlier one is gone, and walks it with the keyboard; `keys` are X names. */
  async choose(keys: readonly string[]): Promise<void> {
    // Where the pointer rests on the icon there is a tooltip, which is a window too.
    runProgram('xdotool', ['mousemove', String(AWAY.x), String(AWAY.y)], this.#display.env);
    await this.#untilOwnWindows(1);
    this.#click(3);
    await this.#untilOwnWindows(2);
    this.type(keys);
  }

  /** Goes on in a menu that is open. */
  type(keys: readonly string[]): void {
    for (const key of keys) runProgram('xdotool', ['key', key], this.#display.env);
  }

  stop(): Promise<void> {
    return this.#home.remove();
  }

  #click(button: number): void {
    const place = [String(ICON.x), String(ICON.y)];
    runProgram('xdotool', ['mousemove', ...place, 'click', String(button)], this.#display.env);
  }

  /** The app's windows outside of its pages: the icon itself, and each menu that is open. */
  async #untilOwnWindows(count: number): Promise<void> {
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (this.#countOwnWindows() !== count) {
      if (performance.now() > deadlineMs)
        throw new Error(`the app does not have ${count} windows of its tray`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Their class is the executable's name with a capital; that of windows with pages is the app's, without. */
  #countOwnWindows(): number {
    const { env } = this.#display;
    const found = spawnSync('xdotool', ['search', '--onlyvisible', '--class', '^(electron|porthole)$'], {
      env,
    });
    const ids = found.stdout.toString().split('\n').filter(Boolean);
    // xdotool fails if a window goes away while it is being looked at, and so may xprop.
    if (found.status !== 0) return 0;
    const classes = ids.map((id) => spawnSync('xprop', ['-id', id, 'WM_CLASS'], { env }).stdout.toString());
    return classes.filter((text) => /"(Electron|Porthole)"\n$/.test(text)).length;
  }
}
