import { ForkingStarter } from './forking-starter.ts';
import { openPosixSpawn } from './posix-spawn.ts';
import type { ProcessStarter } from './process-starter.ts';

/**
 * The starter for this machine: the C library's `posix_spawn` where that closes files too, or else Node's.
 */
export async function chooseStarter(): Promise<ProcessStarter> {
  return (await openPosixSpawn()) ?? new ForkingStarter();
}
