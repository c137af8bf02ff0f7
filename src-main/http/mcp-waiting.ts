import type { Clock } from '../clock.ts';
import type { EventBus } from '../events/event-bus.ts';

/** What a {@link waitFor} works with. */
export interface WaitOptions {
  readonly clock: Clock;
  readonly bus: EventBus;
  readonly timeoutMs: number;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Called every few seconds while it waits, so that a client does not give up; `seconds` rises. */
  readonly onProgress?: ((seconds: number) => void) | undefined;
}

const PROGRESS_MS = 5000;

/** Resolves when `isOver`, which is asked after each event, or when the time is up or the signal comes. */
export async function waitFor(isOver: () => boolean, options: WaitOptions): Promise<void> {
  const { clock, bus, timeoutMs, signal, onProgress } = options;
  if (isOver() || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const startedMs = clock.monotonicMs();
    let cancelProgress = (): void => undefined;
    const tick = (): void => {
      onProgress?.(Math.round((clock.monotonicMs() - startedMs) / 1000));
      cancelProgress = clock.after(PROGRESS_MS, tick);
    };
    const finish = (): void => {
      unsubscribe();
      cancelTimeout();
      cancelProgress();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const unsubscribe = bus.subscribe({
      onEvent: () => {
        if (isOver()) finish();
      },
    });
    const cancelTimeout = clock.after(timeoutMs, finish);
    cancelProgress = clock.after(PROGRESS_MS, tick);
    signal.addEventListener('abort', finish);
  });
}
