import path from 'node:path';
import type { TrayState } from './tray-menu.ts';

/** Where a tray icon is shown: the system, and whether it is in dark colours. */
export interface TraySurroundings {
  readonly platform: NodeJS.Platform;
  readonly isDark: boolean;
}

// Trays of Linux desktops are 22 to 24 pixels high; menu and task bars elsewhere take 16.
const LINUX_SIZE_PX = 22;
const BAR_SIZE_PX = 16;

/**
 * The icon file for a state, in `folder`; beside each one lies its `@2x`, which Electron finds by itself. An idle
 * agent on macOS has a template, which the system paints to match its menu bar; a template has no colours, so the
 * other states have none.
 */
export function chooseTrayIcon(
  folder: string,
  state: TrayState,
  { platform, isDark }: TraySurroundings,
): string {
  if (platform === 'darwin' && state === 'none') return path.join(folder, `${BAR_SIZE_PX}-Template.png`);
  const sizePx = platform === 'linux' ? LINUX_SIZE_PX : BAR_SIZE_PX;
  return path.join(folder, `${sizePx}-${state}-${isDark ? 'dark' : 'light'}.png`);
}
