import { readFileSync } from 'node:fs';

/**
 * Milliseconds on a clock that stands still while this thread could go on and others have the processor: what passes on
 * it is what the thread took for itself, waiting for the disk included. Where the system does not tell (anything but
 * Linux: https://docs.kernel.org/scheduler/sched-stats.html) it is the usual clock.
 */
export function ownMs(): number {
  return performance.now() - waitedMs();
}

function waitedMs(): number {
  try {
    // Time on a processor, time ready and without one, in nanoseconds; how often it had one.
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}
