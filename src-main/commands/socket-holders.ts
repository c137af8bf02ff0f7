import { readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as yieldToOthers } from 'node:timers/promises';

/** Whether a process holds a socket; `unknown` where the system does not let us look. */
export type Holding = 'holds' | 'holds not' | 'unknown';

// So many processes are looked at before others get their turn.
const STRIDE = 10;

/** Whether process `pid` has the socket of this inode open. Linux only; elsewhere every answer is `unknown`. */
export function holdsSocket(pid: number, inode: number): Holding {
  const folder = `/proc/${pid}/fd`;
  try {
    const target = `socket:[${inode}]`;
    return readdirSync(folder).some((fd) => readLink(`${folder}/${fd}`) === target) ? 'holds' : 'holds not';
  } catch (error) {
    // A process that is gone holds nothing.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ESRCH' ? 'holds not' : 'unknown';
  }
}

/**
 * The first of `pids` that holds the socket of this inode, and those before it that could not be looked at. Lets
 * others have their turn meanwhile.
 */
export async function findHolder(
  pids: readonly number[],
  inode: number,
): Promise<{ readonly holder: number | null; readonly unknown: readonly number[] }> {
  const unknown: number[] = [];
  for (const [index, pid] of pids.entries()) {
    if (index % STRIDE === STRIDE - 1) await yieldToOthers();
    const holding = holdsSocket(pid, inode);
    if (holding === 'holds') return { holder: pid, unknown };
    if (holding === 'unknown') unknown.push(pid);
  }
  return { holder: null, unknown };
}

/** Every process of this machine. */
export function listAllPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function readLink(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    // Closed meanwhile.
    return '';
  }
}
