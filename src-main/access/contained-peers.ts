import { readdir, readFile, readlink, stat } from 'node:fs/promises';
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
  /**
   * The session whose command has made a socket, by the control group that the kernel noted for it then; empty if it was
   * some command's, null if it was none's. Undefined where commands have no groups, or could leave them.
   */
  sessionOfGroup(groupId: number): string | null | undefined;
}

/** Whether a connection was made by a command; `maybe` if that cannot be ruled out. */
export type Containment = { readonly sessionId: string } | 'maybe' | 'no';

/** What was found out about a connection, and whether that can never change. */
export interface ContainmentFinding {
  readonly containment: Containment;
  readonly isFinal: boolean;
}

/**
 * Whether a command is at the other end of a connection from this machine, of which the system told `socket`.
 *
 * Where the kernel says which control group made the socket, that decides, whoever holds it now. Elsewhere it is no
 * command's only if somebody else is seen to hold that end. A command could hand it from process to process faster than
 * we look, but no process of its loses what it descends from; and it could leave it with somebody who takes descriptors
 * from others, so of one that was opened while commands ran, such a holder, or several, say nothing.
 */
export async function findContainment(
  commands: RunningCommands,
  socket: PeerSocket | null,
  wasBusy: boolean,
): Promise<ContainmentFinding> {
  if (!socket) return notFinal('maybe');
  const maker = socket.groupId === null ? undefined : commands.sessionOfGroup(socket.groupId);
  if (typeof maker === 'string') return { containment: { sessionId: maker }, isFinal: true };
  const others: number[] = [];
  for (const pid of await listProcesses()) {
    const sessionId = await commands.sessionOfProcess(pid);
    if (sessionId === null) others.push(pid);
    else if (await holdsSocket(pid, socket.inode)) return notFinal({ sessionId });
  }
  const holders: number[] = [];
  for (const pid of others) {
    if (!(await belongsTo(pid, socket.uid)) || !(await holdsSocket(pid, socket.inode))) continue;
    // Its number may have gone to another process since it was looked at.
    const sessionId = await commands.sessionOfProcess(pid);
    if (sessionId !== null) return notFinal({ sessionId });
    holders.push(pid);
  }
  const [holder, ...more] = holders;
  if (holder === undefined) return notFinal('maybe');
  if (maker === null) return { containment: 'no', isFinal: true };
  if (wasBusy && (more.length > 0 || (await takesDescriptors(holder)))) return notFinal('maybe');
  return notFinal('no');
}

function notFinal(containment: Containment): ContainmentFinding {
  return { containment, isFinal: false };
}

/**
 * Whether others can hand a process their open files: whoever has a socket with a name, which a command finds. What
 * belongs to nobody but its parent, as the socket pairs that programs are given for input and output, has none.
 */
async function takesDescriptors(pid: number): Promise<boolean> {
  const named = new Set<string>();
  for (const line of (await readFile('/proc/net/unix', 'latin1').catch(() => '')).split('\n')) {
    const [, , , , , , inode, name] = line.trim().split(/\s+/);
    if (inode !== undefined && name !== undefined) named.add(`socket:[${inode}]`);
  }
  return (await listFiles(pid)).some((file) => named.has(file));
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
  const wanted = `socket:[${inode}]`;
  return (await listFiles(pid)).includes(wanted);
}

/** What a process has open, as the system names it; nothing if it is gone or does not let us look. */
async function listFiles(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  try {
    const files: string[] = [];
    // One that was closed meanwhile is none.
    for (const name of await readdir(folder)) files.push(await readlink(`${folder}/${name}`).catch(() => ''));
    return files;
  } catch {
    return [];
  }
}
