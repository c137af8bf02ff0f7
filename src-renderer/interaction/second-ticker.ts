import { useSyncExternalStore } from 'react';

let ticks = 0;
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function tick(): void {
  ticks += 1;
  for (const listener of listeners) listener();
}

function runWhileWatched(): void {
  const isWatched = listeners.size > 0 && document.visibilityState === 'visible';
  if (isWatched && timer === null) {
    timer = setInterval(tick, 1000);
  } else if (!isWatched && timer !== null) {
    clearInterval(timer);
    timer = null;
  }
}

function onVisibilityChange(): void {
  runWhileWatched();
  // What was not kept up to date while nobody looked must not be seen.
  if (timer !== null) tick();
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) document.addEventListener('visibilitychange', onVisibilityChange);
  listeners.add(listener);
  runWhileWatched();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) document.removeEventListener('visibilitychange', onVisibilityChange);
    runWhileWatched();
  };
}

/**
 * Renders the component anew about every second, for what it reads from a clock. One timer serves the whole
 * page, and none runs while nobody looks or nothing counts.
 */
export function useSecondTicker(): void {
  useSyncExternalStore(subscribe, () => ticks);
}
