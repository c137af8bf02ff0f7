import { useSyncExternalStore } from 'react';

/** The panel's views; each has an address of its own, so that a reload and the back button keep it. */
export type View = 'sessions' | 'history' | 'access' | 'settings';

const VIEWS: readonly View[] = ['sessions', 'history', 'access', 'settings'];

/** Whether the page's address names the recordings, a part of the history. */
export function isAtRecordings(): boolean {
  return location.hash === '#recordings';
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

/** The view that the page's address names. */
export function useView(): View {
  return useSyncExternalStore(
    subscribe,
    () => VIEWS.find((view) => location.hash === `#${view}`) ?? (isAtRecordings() ? 'history' : 'sessions'),
  );
}
