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
  let isHeldByOthers = false;
  let mayBeHidden = false;
  for (const pid of await listProcesses()) {
    const holds = await holdsSocket(pid, socket.inode);
    if (holds === 'no') continue;
    // A program may hide what it holds, but not what it descends from.
    const sessionId = await commands.sessionOfProcess(pid);
    if (holds === 'yes' && sessionId !== null) return { sessionId };
    if (holds === 'yes') isHeldByOthers = true;
    else if (sessionId !== null) mayBeHidden = true;
  }
  return mayBeHidden && !isHeldByOthers ? 'maybe' : 'no';
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
