import { readdir, readlink, stat } from 'node:fs/promises';
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

/** Whether a connection was made by a command; `maybe` if that cannot be ruled out. */
export type Containment = { readonly sessionId: string } | 'maybe' | 'no';

/**
 * Whether a command is at the other end of a connection from this machine, of which the system told `socket`. It is not
 * one only where somebody else is seen to hold that end: a command could hand it from process to process faster than
 * we look, and hide what it holds, but no process of its loses what it descends from.
 */
export async function findContainment(
  commands: RunningCommands,
  socket: PeerSocket | null,
): Promise<Containment> {
  if (!socket) return 'maybe';
  const others: number[] = [];
  for (const pid of await listProcesses()) {
    const sessionId = await commands.sessionOfProcess(pid);
    if (sessionId === null) others.push(pid);
    else if (await holdsSocket(pid, socket.inode)) return { sessionId };
  }
  for (const pid of others) {
    if (!(await belongsTo(pid, socket.uid)) || !(await holdsSocket(pid, socket.inode))) continue;
    // Its number may have gone to another process since it was looked at.
    const sessionId = await commands.sessionOfProcess(pid);
    return sessionId === null ? 'no' : { sessionId };
  }
  return 'maybe';
}

async function listProcesses(): Promise<number[]> {
  return (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
}

async function belongsTo(pid: number, uid: number): Promise<boolean> {
  try {
    return (await stat(`/proc/${pid}`)).uid === uid;
  } catch {
    // It is gone.
    return false;
  }
}

/** Whether a process is seen to hold the socket of this inode; false if it is gone or does not let us look. */
async function holdsSocket(pid: number, inode: number): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const wanted = `socket:[${inode}]`;
  try {
    for (const name of await readdir(folder)) {
      // One that was closed meanwhile is none.
      if ((await readlink(`${folder}/${name}`).catch(() => '')) === wanted) return true;
    }
    return false;
  } catch {
    return false;
  }
}
