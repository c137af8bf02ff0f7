import type { AdvisoryBoard } from '../upkeep/advisory-board.ts';
import type { UpdateService } from '../upkeep/update-service.ts';
import type { ApiHandlers } from './api-router.ts';

/** What the agent knows and does about itself. */
export interface UpkeepParts {
  readonly advisories: AdvisoryBoard;
  readonly updates: UpdateService;
}

type UpkeepEndpoint = 'listAdvisories' | 'updateState' | 'checkForUpdate' | 'downloadUpdate';

/** The handlers of what the agent tells of itself, and of its updates. */
export function createUpkeepHandlers({
  advisories,
  updates,
}: UpkeepParts): Pick<ApiHandlers, UpkeepEndpoint> {
  return {
    listAdvisories: () => {
      const list = advisories.list();
      return { advisories: list, total: list.length };
    },
    updateState: () => updates.state,
    checkForUpdate: async () => ({ success: true, ...(await updates.check()) }),
    downloadUpdate: () => ({ success: true, ...updates.download() }),
  };
}
