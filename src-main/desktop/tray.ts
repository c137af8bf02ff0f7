import {
  Menu,
  type MenuItemConstructorOptions,
  nativeImage,
  nativeTheme,
  type Rectangle,
  Tray,
} from 'electron';
import { chooseTrayIcon } from './tray-icons.ts';
import {
  buildTrayMenu,
  deriveTrayState,
  describeTray,
  flattenTrayMenu,
  type TrayAction,
  type TrayItem,
  type TrayView,
} from './tray-menu.ts';

/** What an {@link AgentTray} works with. */
export interface AgentTrayOptions {
  /** The folder of the tray's icons. */
  readonly iconFolder: string;
  /** Asked whenever something may have changed. */
  readonly describe: () => TrayView;
  readonly onAction: (action: TrayAction) => void;
  /** Told when the icon itself was pressed. */
  readonly onPress: () => void;
}

/**
 * The agent's icon in the tray, with its menu. On Linux it is a StatusNotifierItem where the desktop shows such, else
 * an XEmbed icon; a desktop without a tray shows nothing, and nothing depends on it.
 * https://www.electronjs.org/docs/latest/api/tray
 */
export class AgentTray {
  readonly #options: AgentTrayOptions;
  #tray: Tray;
  readonly #onThemeChange = (): void => this.refresh();
  #icon = '';
  #tooltip = '';
  #menu = '';

  constructor(options: AgentTrayOptions) {
    this.#options = options;
    this.#tray = this.#make();
    nativeTheme.on('updated', this.#onThemeChange);
    this.refresh();
  }

  /** Makes the icon anew, for a tray that came after it. */
  renew(): void {
    this.#tray.destroy();
    this.#tray = this.#make();
    this.refresh();
  }

  /** Where the icon is on the screen, or null where the system does not tell (Linux). */
  get bounds(): Rectangle | null {
    const bounds = this.#tray.getBounds();
    return bounds.width > 0 && bounds.height > 0 ? bounds : null;
  }

  /** Makes icon, tooltip and menu agree with the agent; what has not changed is left alone, open menus with it. */
  refresh(): void {
    const view = this.#options.describe();
    const icon = this.#chooseIcon(view);
    if (icon !== this.#icon) this.#tray.setImage(nativeImage.createFromPath(icon));
    this.#icon = icon;
    const tooltip = describeTray(view);
    if (tooltip !== this.#tooltip) this.#tray.setToolTip(tooltip);
    this.#tooltip = tooltip;
    const items = process.platform === 'linux' ? flattenTrayMenu(buildTrayMenu(view)) : buildTrayMenu(view);
    const menu = JSON.stringify(items);
    if (menu !== this.#menu) this.#tray.setContextMenu(Menu.buildFromTemplate(items.map(this.#toTemplate)));
    this.#menu = menu;
  }

  /** Takes the icon away. */
  close(): void {
    nativeTheme.off('updated', this.#onThemeChange);
    this.#tray.destroy();
  }

  #make(): Tray {
    this.#icon = this.#chooseIcon(this.#options.describe());
    this.#tooltip = '';
    this.#menu = '';
    const tray = new Tray(nativeImage.createFromPath(this.#icon));
    return tray.on('click', this.#options.onPress);
  }

  #chooseIcon(view: TrayView): string {
    return chooseTrayIcon(this.#options.iconFolder, deriveTrayState(view), {
      platform: process.platform,
      isDark: nativeTheme.shouldUseDarkColors,
    });
  }

  readonly #toTemplate = (item: TrayItem): MenuItemConstructorOptions => {
    if (item === 'separator') return { type: 'separator' };
    const { action, items, accelerator } = item;
    return {
      // A lone ampersand would mark the letter behind it as a key.
      label: item.label.replaceAll('&', '&&'),
      enabled: action !== undefined || items !== undefined,
      ...(items ? { submenu: items.map(this.#toTemplate) } : {}),
      ...(action ? { click: () => this.#options.onAction(action) } : {}),
      ...(accelerator ? { accelerator, registerAccelerator: false } : {}),
    };
  };
}
