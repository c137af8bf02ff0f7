import type { Clock } from '../agent/clock.ts';
import { type OpenPictures, type SourceEnd, toSourceEnd } from './picture-source.ts';

/** From the arrival of one picture to the question for the next. */
export const POLL_MS = 1000;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * Brings single pictures of the share, about one per second: for where a stream does not get through, as behind a
 * proxy that hands an answer on only when it is complete. `urlOf` answers where the picture is, anew for each.
 */
export function createPicturePoll(
  urlOf: () => string,
  fetch: typeof globalThis.fetch,
  clock: Clock,
): OpenPictures {
  return (observer) => {
    let isOver = false;
    let cancel: () => void = () => {};
    let abort = new AbortController();
    const end = (how: SourceEnd): void => {
      if (isOver) return;
      isOver = true;
      observer.onEnd(how);
    };
    const poll = async (): Promise<void> => {
      abort = new AbortController();
      const cancelTimeout = clock.after(REQUEST_TIMEOUT_MS, () => abort.abort());
      try {
        const response = await fetch(urlOf(), { cache: 'no-store', signal: abort.signal });
        if (!response.ok) {
          const why = await toSourceEnd(response);
          if (why.kind !== 'refused' || why.refusal.code !== 'no_picture') return end(why);
          // The share is on, and there is nothing to see of it now.
          if (isOver) return;
          observer.onOpen();
          cancel = clock.after(POLL_MS, () => void poll());
          return;
        }
        const jpeg = new Uint8Array(await response.arrayBuffer());
        if (isOver) return;
        observer.onOpen();
        observer.onBytes(jpeg.length);
        observer.onPicture({ jpeg, capturedAtMs: readCaptureTime(response), sequence: null });
        cancel = clock.after(POLL_MS, () => void poll());
      } catch {
        end({ kind: 'lost' });
      } finally {
        cancelTimeout();
      }
    };
    void poll();
    return () => {
      isOver = true;
      cancel();
      abort.abort();
    };
  };
}

function readCaptureTime(response: Response): number | null {
  const seconds = Number(response.headers.get('x-timestamp') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : null;
}
