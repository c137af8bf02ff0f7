import type { AdvisoryBoard } from '../upkeep/advisory-board.ts';
import type { ApiHandlers } from './api-router.ts';

/** What the agent knows and does about itself. */
export interface UpkeepParts {
  readonly advisories: AdvisoryBoard;
}

/** The handlers of what the agent tells of itself. */
export function createUpkeepHandlers({ advisories }: UpkeepParts): Pick<ApiHandlers, 'listAdvisories'> {
  return {
    listAdvisories: () => {
      const list = advisories.list();
      return { advisories: list, total: list.length };
    },
  };
}
