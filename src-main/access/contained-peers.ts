import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { SharedReading } from '../shared-reading.ts';
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

/** Who holds which sockets: by the inode of each. */
interface Holders {
  /** The session whose command holds it; empty if it is some command's. */
  readonly contained: ReadonlyMap<number, string>;
  /** The processes of the agent's own user that are no command's and hold it. */
  readonly others: ReadonlyMap<number, readonly number[]>;
}

/** Tells whether commands are at the other end of connections from this machine. */
export class ContainedPeers {
  readonly #commands: RunningCommands;
  readonly #ownUid: number | null;
  readonly #holders: SharedReading<Holders>;

  /** `ownUid` is the agent's user: on the word of others' programs nothing is believed anyway. */
  constructor(commands: RunningCommands, ownUid: number | null) {
    this.#commands = commands;
    this.#ownUid = ownUid;
    this.#holders = new SharedReading(() => listHolders(commands, ownUid));
  }

  /** Whether any program of a command may be alive. */
  get areThere(): boolean {
    return this.#commands.isBusy;
  }

  /**
   * What the kernel noted of who made a socket: a command of this session, or none (null). Undefined where it does not say,
   * or nobody was told of the socket.
   */
  makerOf(socket: PeerSocket | null): string | null | undefined {
    const groupId = socket?.groupId ?? null;
    return groupId === null ? undefined : this.#commands.sessionOfGroup(groupId);
  }

  /**
   * Whether a command is at the other end of a connection of which the system told `socket`.
   *
   * Where the kernel says which control group made the socket, that decides, whoever holds it now, and nobody has to be
   * looked at. Elsewhere it is no command's only if somebody else is seen to hold that end, for which all processes of the
   * machine are looked at, once for everybody who waits for it. A command could hand it from process to process faster than
   * we look, but no process of its loses what it descends from; and it could leave it with somebody who takes descriptors
   * from others, so of one that was opened while commands ran, such a holder, or several, say nothing.
   */
  async find(socket: PeerSocket | null, wasBusy: boolean): Promise<ContainmentFinding> {
    if (!socket) return notFinal('maybe');
    const maker = this.makerOf(socket);
    if (typeof maker === 'string') return { containment: { sessionId: maker }, isFinal: true };
    if (maker === null) return { containment: 'no', isFinal: true };
    const { contained, others } = await this.#holders.read();
    const holding = contained.get(socket.inode);
    if (holding !== undefined) return notFinal({ sessionId: holding });
    const holders = socket.uid === this.#ownUid ? (others.get(socket.inode) ?? []) : [];
    for (const pid of holders) {
      // Its number may have gone to another process since it was looked at.
      const sessionId = await this.#commands.sessionOfProcess(pid);
      if (sessionId !== null) return notFinal({ sessionId });
    }
    const [holder, ...more] = holders;
    if (holder === undefined) return notFinal('maybe');
    if (wasBusy && (more.length > 0 || (await takesDescriptors(holder)))) return notFinal('maybe');
    return notFinal('no');
  }
}

function notFinal(containment: Containment): ContainmentFinding {
  return { containment, isFinal: false };
}

async function listHolders(commands: RunningCommands, ownUid: number | null): Promise<Holders> {
  const contained = new Map<number, string>();
  const others = new Map<number, number[]>();
  for (const pid of await listProcesses()) {
    const sessionId = await commands.sessionOfProcess(pid);
    if (sessionId !== null) for (const inode of await listSockets(pid)) contained.set(inode, sessionId);
    else if ((await findUser(pid)) === ownUid)
      for (const inode of await listSockets(pid)) others.set(inode, [...(others.get(inode) ?? []), pid]);
  }
  return { contained, others };
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

async function findUser(pid: number): Promise<number | null> {
  try {
    return (await stat(`/proc/${pid}`)).uid;
  } catch {
    // It is gone.
    return null;
  }
}

/** The inodes of the sockets that a process is seen to hold; none if it is gone or does not let us look. */
async function listSockets(pid: number): Promise<Set<number>> {
  const names = (await listFiles(pid)).flatMap((file) => /^socket:\[(\d+)\]$/.exec(file)?.[1] ?? []);
  return new Set(names.map(Number));
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
