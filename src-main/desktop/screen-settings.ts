import { app, shell, systemPreferences } from 'electron';
import type { AdvisoryBoard } from '../upkeep/advisory-board.ts';
import { adviseOnScreenPermission } from '../upkeep/screen-permission.ts';

/** The pane of macOS's settings in which the permission to record the screen is given. */
const PANE = 'x-apple.systempreferences:com.apple.preference.security?Privacy_ScreenCapture';

/** Opens the system's settings for the recording of the screen; null where a system has none. */
export const openScreenSettings: (() => Promise<void>) | null =
  process.platform === 'darwin' ? () => shell.openExternal(PANE) : null;

/** Keeps the person informed of the permission to record the screen, until the returned function is called. */
export function followScreenPermission(advisories: AdvisoryBoard): () => void {
  if (process.platform !== 'darwin') return () => undefined;
  const look = (): void =>
    advisories.put(
      'screen_permission',
      adviseOnScreenPermission(systemPreferences.getMediaAccessStatus('screen')),
    );
  look();
  // Whoever comes back from the settings looks at one of our windows next.
  app.on('browser-window-focus', look);
  return () => {
    app.off('browser-window-focus', look);
  };
}
