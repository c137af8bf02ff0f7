import { useSyncExternalStore } from 'react';

let nowMs = performance.now();
let timer: ReturnType<typeof setInterval> | null = null;
const listeners = new Set<() => void>();

function tick(): void {
  nowMs = performance.now();
  for (const listener of listeners) listener();
}

function runWhileWatched(): void {
  const isWatched = listeners.size > 0 && document.visibilityState === 'visible';
  if (isWatched && timer === null) {
    tick();
    timer = setInterval(tick, 1000);
  } else if (!isWatched && timer !== null) {
    clearInterval(timer);
    timer = null;
  }
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) document.addEventListener('visibilitychange', runWhileWatched);
  listeners.add(listener);
  runWhileWatched();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) document.removeEventListener('visibilitychange', runWhileWatched);
    runWhileWatched();
  };
}

/**
 * The monotonic time in milliseconds, anew about every second. One timer serves the whole page, and none runs
 * while nobody looks or nothing counts.
 */
export function useSecondTicker(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}
