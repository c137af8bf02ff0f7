import type { Logger } from '../logger.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import type { ApiHandlers } from './api-router.ts';

/** The handlers of the settings; every change is on record in the log, by name and not by value. */
export function createSettingsHandlers(
  settings: SettingsStore,
  log: Logger,
): Pick<ApiHandlers, 'getSettings' | 'changeSettings'> {
  return {
    getSettings: () => settings.describe(),
    changeSettings: async ({ body, by, origin }) => {
      await settings.change(body);
      log.info({ keys: Object.keys(body), by, origin }, 'settings were changed');
      return { success: true, ...settings.describe() };
    },
  };
}
