/** The channel on which the agent tells the preload of the prompt's window of a {@link PromptSightMessage}. */
export const PROMPT_SIGHT_CHANNEL = 'prompt-sight';

/** How the prompt's window lies; sent whenever that changes. */
export interface PromptSightMessage {
  /** Whether all of it is seen. */
  readonly isSeen: boolean;
  /** Where the pointer is: `x y` from the window's top left in CSS pixels, `outside` the window, or `unknown`. */
  readonly pointer: string;
}
