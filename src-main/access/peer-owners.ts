import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { endianness } from 'node:os';
import { SharedReading } from '../shared-reading.ts';
import { bytesOfAddress, plainAddress } from './source-address.ts';

/** Both ends of a TCP connection as the server sees it. */
export interface ConnectionEnds {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** The other end of a connection within this machine. */
export interface PeerSocket {
  /** Whose it is. */
  readonly uid: number;
  readonly inode: number;
  /** The control group of version 2 of the process that made it, by its inode; null where the kernel does not say. */
  readonly groupId: number | null;
}

/** Tells whose the other end of a connection is that comes from this machine. */
export interface PeerOwners {
  /** Null where the system does not say: it cannot, or nobody holds the other end any more. */
  find(ends: ConnectionEnds): Promise<PeerSocket | null>;
  /** Lets go of what it asks. */
  close(): Promise<void>;
}

/** For systems that do not tell. */
export const UNKNOWN_PEER_OWNERS: PeerOwners = { find: async () => null, close: async () => undefined };

/** The kernel's list of sockets of one address family, as text. */
export type ReadSocketTable = (family: 'tcp' | 'tcp6') => Promise<string>;

const readProc: ReadSocketTable = async (family) => {
  try {
    return await readFile(`/proc/net/${family}`, 'latin1');
  } catch {
    // A kernel without IPv6 has no such file.
    return '';
  }
};

/**
 * Looks peers up in Linux's socket tables (https://docs.kernel.org/networking/proc_net_tcp.html). Each holds everything
 * of one family, closed connections that it still remembers too, which takes the kernel milliseconds to write: it is read
 * off the main thread, and only where the kernel cannot be asked for one connection alone.
 */
export class LinuxPeerOwners implements PeerOwners {
  readonly #ipv4: SharedReading<string>;
  readonly #ipv6: SharedReading<string>;

  constructor(read: ReadSocketTable = readProc) {
    this.#ipv4 = new SharedReading(() => read('tcp'));
    this.#ipv6 = new SharedReading(() => read('tcp6'));
  }

  async find(ends: ConnectionEnds): Promise<PeerSocket | null> {
    // The table is written piece by piece: an entry that moves meanwhile may be missing from one reading.
    return (await this.#look(ends)) ?? (await this.#look(ends));
  }

  async close(): Promise<void> {
    // Each file is closed when it has been read.
  }

  async #look(ends: ConnectionEnds): Promise<PeerSocket | null> {
    const [likely, other] = isIPv4(plainAddress(ends.remoteAddress))
      ? ([this.#ipv4, this.#ipv6] as const)
      : ([this.#ipv6, this.#ipv4] as const);
    return findInTable(await likely.read(), ends) ?? findInTable(await other.read(), ends);
  }
}

/**
 * The entry of the connection's other end: its local address is our remote one. An entry without an inode is a socket
 * that nobody holds any more; its owner reads as root then, whoever it was, so it counts as none.
 */
export function findInTable(table: string, ends: ConnectionEnds): PeerSocket | null {
  const local = endOf(ends.remoteAddress, ends.remotePort);
  const remote = endOf(ends.localAddress, ends.localPort);
  const spellings = local.mapped && remote.mapped ? [local.mapped, remote.mapped] : null;
  for (const [from, to] of [[local.plain, remote.plain], ...(spellings ? [spellings] : [])]) {
    const at = table.indexOf(`: ${from} ${to} `);
    if (at < 0) continue;
    const fields = table
      .slice(at + 2, table.indexOf('\n', at))
      .trim()
      .split(/\s+/);
    const [uid, inode] = [Number(fields[6]), Number(fields[8])];
    if (Number.isInteger(uid) && Number.isInteger(inode) && inode > 0) return { uid, inode, groupId: null };
  }
  return null;
}

/** An address and port as the tables spell them, and for IPv4 also as a socket of IPv6 has it. */
function endOf(address: string, port: number): { plain: string; mapped: string | null } {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const bytes = bytesOfAddress(plainAddress(address));
  if (bytes.length !== 4) return { plain: wordsOf(bytes) + suffix, mapped: null };
  const mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes];
  return { plain: wordsOf(bytes) + suffix, mapped: wordsOf(mapped) + suffix };
}

/** Bytes in network order as hexadecimal words in the machine's own. */
function wordsOf(bytes: readonly number[]): string {
  const hex = bytes.map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'));
  let words = '';
  for (let index = 0; index < hex.length; index += 4) {
    const word = hex.slice(index, index + 4);
    words += (endianness() === 'LE' ? word.reverse() : word).join('');
  }
  return words;
}
