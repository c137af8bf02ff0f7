import type { Advisory } from '#shared/advisories';

/** What macOS says of the permission to record the screen; `unknown` covers the systems that have none. */
export type ScreenPermission = 'not-determined' | 'granted' | 'denied' | 'restricted' | 'unknown';

/**
 * What the person is told of the permission to record the screen; null where there is nothing to do. It cannot be asked
 * for, only looked up: macOS asks by itself at the first capture, once.
 */
export function adviseOnScreenPermission(permission: ScreenPermission): Omit<Advisory, 'advisory_id'> | null {
  switch (permission) {
    case 'granted':
    case 'unknown':
      return null;
    case 'not-determined':
      return {
        level: 'info',
        title: 'macOS will ask.',
        message:
          'At the first share it asks whether Porthole may record the screen. Allow it, then start Porthole again.',
        action: 'open_screen_settings',
      };
    case 'denied':
      return {
        level: 'problem',
        title: 'macOS does not let Porthole see the screen.',
        message:
          'Switch Porthole on under Privacy & Security, Screen & System Audio Recording, then start it again. Until then no share can start.',
        action: 'open_screen_settings',
      };
    case 'restricted':
      return {
        level: 'problem',
        title: 'This Mac does not let Porthole see the screen.',
        message: 'Whoever manages it has forbidden that; no share can start.',
        action: null,
      };
  }
}
