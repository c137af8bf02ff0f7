import { ipcRenderer } from 'electron';
import { PROMPT_SIGHT_CHANNEL, type PromptSightMessage } from '#shared/prompt-messages';

// The preload of the prompt's window, which is sandboxed. It writes into its page what the agent tells of the window, and
// the page has no way to say anything back.

ipcRenderer.on(PROMPT_SIGHT_CHANNEL, (_event, { isSeen, pointer }: PromptSightMessage) => {
  const { documentElement } = document;
  documentElement.setAttribute('data-window-pointer', pointer);
  documentElement.setAttribute('data-window-seen', String(isSeen));
});
