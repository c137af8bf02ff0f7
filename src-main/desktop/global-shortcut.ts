import { globalShortcut } from 'electron';
import type { Logger } from '../logger.ts';
import { isWaylandSession } from './display-server.ts';

/** A shortcut that was asked for. */
export interface GlobalShortcut {
  readonly accelerator: string;
  /** False if another program has it, the system offers none, or it is no accelerator at all. */
  readonly works: boolean;
}

/** Gives the shortcut back to whatever else wants it. */
export function releaseGlobalShortcut({ accelerator, works }: GlobalShortcut): void {
  if (works) globalShortcut.unregister(accelerator);
}

/**
 * Calls `onPress` whenever `accelerator` is pressed, whichever program has the keyboard; null for an empty one. The
 * shortcut ends with the app.
 */
export function registerGlobalShortcut(
  accelerator: string,
  onPress: () => void,
  log: Logger,
): GlobalShortcut | null {
  if (accelerator === '') return null;
  let works = false;
  try {
    // Through Xwayland it would register, and hear keys only while an X window has the keyboard.
    works = !isWaylandSession() && globalShortcut.register(accelerator, onPress);
  } catch (error) {
    log.warn({ err: error, accelerator }, 'the shortcut is not an accelerator');
  }
  if (!works) log.warn({ accelerator }, 'the shortcut that stops everything is not available');
  return { accelerator, works };
}
