import type { Decider } from '#shared/approvals';

/** Where a decision came from, as it stands after the word for what it was. */
export const DECIDER_PLACES = {
  api: 'over the API',
  panel: 'in the panel',
  prompt: 'in a prompt',
  tray: 'from the tray menu',
  notification: 'from a notification',
  shortcut: 'with the shortcut that stops everything',
  timeout: 'because nobody answered in time',
  agent: 'by the agent',
} as const satisfies Record<Decider, string>;
