import { useEffect, useRef } from 'react';

/** What a key makes the page do. */
export type ShortcutAction =
  | 'pause'
  | 'full_screen'
  | 'save'
  | 'fit'
  | 'actual'
  | 'larger'
  | 'smaller'
  | 'help';

const ACTIONS: Readonly<Record<string, ShortcutAction>> = {
  ' ': 'pause',
  k: 'pause',
  f: 'full_screen',
  s: 'save',
  '0': 'fit',
  '1': 'actual',
  '+': 'larger',
  '=': 'larger',
  '-': 'smaller',
  '?': 'help',
};

/** The keys and what they do, for people. */
export const SHORTCUTS = [
  { keys: ['Space', 'K'], does: 'Pause or go on' },
  { keys: ['F'], does: 'Full screen' },
  { keys: ['S'], does: 'Save the picture' },
  { keys: ['0'], does: 'Fit to the window' },
  { keys: ['1'], does: 'Actual size' },
  { keys: ['+', '−'], does: 'Larger, smaller' },
  { keys: ['?'], does: 'This help' },
] as const;

/** What a key press means; null for one that is meant for something else: a field, a button, the browser. */
export function findShortcut(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'target' | 'defaultPrevented'>,
): ShortcutAction | null {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return null;
  const { target } = event;
  if (target instanceof Element && target.closest('input, textarea, select, dialog')) return null;
  // Space presses the button that has the focus.
  if (event.key === ' ' && target instanceof Element && target.closest('button, a, summary')) return null;
  return ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
}

/** Calls `onAction` for the page's keys while `isOn`. */
export function useShortcuts(isOn: boolean, onAction: (action: ShortcutAction) => void): void {
  const latest = useRef(onAction);
  latest.current = onAction;
  useEffect(() => {
    if (!isOn) return;
    const onKeyDown = (event: KeyboardEvent) => {
      const action = event.repeat && event.key === ' ' ? null : findShortcut(event);
      if (!action) return;
      event.preventDefault();
      latest.current(action);
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [isOn]);
}
