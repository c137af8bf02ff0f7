import type { Clock } from '../clock.ts';

/** When something on the monotonic clock was, as seconds since the epoch with six decimals, as ustreamer writes it. */
export function formatCaptureTime(clock: Clock, monotonicMs: number): string {
  return ((clock.wallMs() - clock.monotonicMs() + monotonicMs) / 1000).toFixed(6);
}
