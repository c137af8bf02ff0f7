import { readdir, readlink } from 'node:fs/promises';
import type { PeerSocket } from './peer-owners.ts';

/** What is known of the commands that sessions run. */
export interface RunningCommands {
  /** Whether any program of a command may be alive. */
  readonly isBusy: boolean;
  /**
   * The session whose command process `pid` descends from; empty if it descends from one, but which cannot be told;
   * null for anybody else's process.
   */
  sessionOfProcess(pid: number): Promise<string | null>;
}

/** Whether a connection was made by a command; `maybe` if the system does not say and it could have been. */
export type Containment = { readonly sessionId: string } | 'maybe' | 'no';

/** Whether a command is at the other end of a connection from this machine, of which the system told `socket`. */
export async function findContainment(
  commands: RunningCommands,
  socket: PeerSocket | null,
): Promise<Containment> {
  if (!commands.isBusy) return 'no';
  if (!socket) return 'maybe';
  const others: number[] = [];
  let mayBeHidden = false;
  for (const pid of await listProcesses()) {
    const sessionId = await commands.sessionOfProcess(pid);
    if (sessionId === null) {
      others.push(pid);
      continue;
    }
    const holds = await holdsSocket(pid, socket.inode);
    if (holds === 'yes') return { sessionId };
    // A program may hide what it holds, but not what it descends from.
    if (holds === 'hidden') mayBeHidden = true;
  }
  return mayBeHidden && !(await isHeldByAny(others, socket.inode)) ? 'maybe' : 'no';
}

async function isHeldByAny(pids: readonly number[], inode: number): Promise<boolean> {
  for (const pid of pids) if ((await holdsSocket(pid, inode)) === 'yes') return true;
  return false;
}

async function listProcesses(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

/** Whether a process holds the socket of this inode, if it lets us look. */
async function holdsSocket(pid: number, inode: number): Promise<'yes' | 'no' | 'hidden'> {
  const folder = `/proc/${pid}/fd`;
  try {
    for (const name of await readdir(folder)) {
      if ((await readLinkIfThere(`${folder}/${name}`)) === `socket:[${inode}]`) return 'yes';
    }
    return 'no';
  } catch (error) {
    return isGone(error) ? 'no' : 'hidden';
  }
}

async function readLinkIfThere(link: string): Promise<string | null> {
  try {
    return await readlink(link);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH');
}
