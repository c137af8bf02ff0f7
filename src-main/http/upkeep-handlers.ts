import { PortholeError } from '#shared/errors';
import type { AdvisoryBoard } from '../upkeep/advisory-board.ts';
import type { UpdateService } from '../upkeep/update-service.ts';
import type { ApiHandlers } from './api-router.ts';

/** What the agent knows and does about itself. */
export interface UpkeepParts {
  readonly advisories: AdvisoryBoard;
  readonly updates: UpdateService;
  /** Opens the system's settings for the recording of the screen; null where a system has none. */
  readonly openScreenSettings: (() => Promise<void>) | null;
}

type UpkeepEndpoint =
  | 'listAdvisories'
  | 'openScreenSettings'
  | 'updateState'
  | 'checkForUpdate'
  | 'downloadUpdate';

/** The handlers of what the agent tells of itself, and of its updates. */
export function createUpkeepHandlers({
  advisories,
  updates,
  openScreenSettings,
}: UpkeepParts): Pick<ApiHandlers, UpkeepEndpoint> {
  return {
    listAdvisories: () => {
      const list = advisories.list();
      return { advisories: list, total: list.length };
    },
    openScreenSettings: async () => {
      if (!openScreenSettings) throw new PortholeError('no_screen_settings');
      await openScreenSettings();
      return { success: true };
    },
    updateState: () => updates.state,
    checkForUpdate: async () => ({ success: true, ...(await updates.check()) }),
    downloadUpdate: () => ({ success: true, ...updates.download() }),
  };
}
