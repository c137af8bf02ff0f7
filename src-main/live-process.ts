import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * Whether a process of this id lives, as whoever. A zombie does not: it only waits for its parent. Ids are those of this
 * machine and container, see {@link processSpace}.
 */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, as somebody else.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return !/^[ZX]/.test(afterName(pid) ?? '');
}

/**
 * When a process began, in the kernel's own count: with it an id that was given anew is told from the process that had
 * it before. Null if it has ended, or where the system does not tell.
 */
export function startOf(pid: number): string | null {
  // Field 22 of proc_pid_stat(5); the state is field 3.
  return afterName(pid)?.split(' ')[19] ?? null;
}

/** Tells apart where ids of processes mean the same: this machine, since it was started, in this container. */
export function processSpace(): string {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const container = attempt(() => readlinkSync('/proc/self/ns/pid'));
  // Where nothing better is known, the machine's name.
  return boot === null ? hostname() : `${boot} ${container}`;
}

/** What the kernel says of a process behind its name, which may hold anything. */
function afterName(pid: number): string | null {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2);
}

function attempt<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
