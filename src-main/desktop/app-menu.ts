import { app, Menu, type MenuItemConstructorOptions } from 'electron';

/**
 * Gives the windows the menu that people expect of an app on this system, with the keys that come with it. It is what
 * quits the agent where there is no tray. Windows that are not to have it take theirs away.
 */
export function setAppMenu(onStopAll: () => void): void {
  const own: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin'
      ? ([{ role: 'about' }, { role: 'hide' }, { type: 'separator' }] as const)
      : []),
    { label: 'Stop Everything', click: onStopAll },
    { label: 'Close Panel', role: 'close' },
    { type: 'separator' },
    { label: 'Quit Porthole', accelerator: 'CommandOrControl+Q', click: () => app.quit() },
  ];
  // No developer tools and no reload: what is served here is looked at with a browser's.
  const view: MenuItemConstructorOptions[] = [
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { role: 'togglefullscreen' },
  ];
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      { label: 'Porthole', submenu: own },
      { role: 'editMenu' },
      { label: 'View', submenu: view },
    ]),
  );
}
