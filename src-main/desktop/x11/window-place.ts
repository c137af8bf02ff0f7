import type { WindowFacts } from './x-server.ts';

/** The workspace of a window that is on all of them. */
const ALL_WORKSPACES = 0xffffffff;

/** The X server, as far as it is asked here. */
export type PlaceFacts = Pick<WindowFacts, 'isViewable' | 'numbers' | 'atom'>;

/**
 * Whether a window is to be seen, is so on another workspace alone, or not at all: minimised, rolled up, or hidden by its
 * program. Window managers take windows of other workspaces off the screen, and not all of them say so in the window's
 * state; those that leave them there show them to whoever captures them, and so they are seen. Null if the window is gone.
 * https://specifications.freedesktop.org/wm-spec/latest/
 */
export async function placeWindow(
  facts: PlaceFacts,
  windowId: number,
): Promise<'seen' | 'elsewhere' | 'hidden' | null> {
  try {
    if (await facts.isViewable(windowId)) return 'seen';
    const [[workspace], [present], states, hidden] = await Promise.all([
      facts.numbers(windowId, '_NET_WM_DESKTOP'),
      facts.numbers(null, '_NET_CURRENT_DESKTOP'),
      facts.numbers(windowId, '_NET_WM_STATE'),
      facts.atom('_NET_WM_STATE_HIDDEN'),
    ]);
    if (workspace === undefined || present === undefined || states.includes(hidden)) return 'hidden';
    return workspace === present || workspace === ALL_WORKSPACES ? 'hidden' : 'elsewhere';
  } catch {
    return null;
  }
}
