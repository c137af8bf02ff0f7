import { endianness } from 'node:os';
import type { ConnectionEnds, PeerOwners, PeerSocket } from './peer-owners.ts';
import { bytesOfAddress, plainAddress } from './source-address.ts';

/** The kernel's diagnosis of sockets, as something that is asked and answers. */
export interface DiagnosisSocket {
  /**
   * Sends one netlink message and answers all that the kernel says to it. Rejects where it cannot be sent. Called again
   * only after it has answered.
   */
  exchange(request: Buffer): Promise<readonly Buffer[]>;
  /** Called once, and after everything has been answered. */
  close(): void;
}

// linux/netlink.h, linux/sock_diag.h, linux/inet_diag.h
const MESSAGE_HEAD_BYTES = 16;
const REQUEST_BYTES = 56;
const ANSWER_BYTES = 72;
const ATTRIBUTE_HEAD_BYTES = 4;
const INET_DIAG_CGROUP_ID = 21;
const NLMSG_ERROR = 2;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const NO_COOKIE = 0xffffffff;
const ENOENT = 2;
/** Any interface, and the loopback one, to which a socket may have been bound by name. */
const INTERFACES = [0, 1];

/**
 * Looks peers up one by one in the kernel's own table of connections (`man 7 sock_diag`), which costs the same however
 * many there are, open or closed. Where the kernel does not offer that, `tables` are asked instead; whether it does shows
 * with the first connections, of which our own end must be found.
 */
export class DiagnosedPeerOwners implements PeerOwners {
  readonly #open: () => Promise<DiagnosisSocket | null>;
  readonly #tables: PeerOwners;
  #socket: Promise<DiagnosisSocket | null> | null = null;
  #isProven = false;
  #sequence = 0;
  /** What was asked last: the kernel is asked one thing at a time. */
  #last: Promise<unknown> = Promise.resolve();

  /** `open` answers null where there is no such diagnosis. */
  constructor(open: () => Promise<DiagnosisSocket | null>, tables: PeerOwners) {
    this.#open = open;
    this.#tables = tables;
  }

  async find(ends: ConnectionEnds): Promise<PeerSocket | null> {
    const finding = await this.#diagnose(ends);
    return finding === 'unknown' ? this.#tables.find(ends) : finding;
  }

  async close(): Promise<void> {
    const socket = this.#socket;
    this.#socket = Promise.resolve(null);
    await this.#last;
    (await socket)?.close();
  }

  async #diagnose(ends: ConnectionEnds): Promise<PeerSocket | null | 'unknown'> {
    this.#socket ??= this.#open();
    const socket = await this.#socket;
    if (!socket) return 'unknown';
    try {
      const peer = await this.#look(socket, turn(ends));
      // A kernel without the module for TCP says of everything that it is not there.
      this.#isProven ||= peer !== null || (await this.#look(socket, ends)) !== null;
      if (!this.#isProven) return 'unknown';
      return peer && peer.inode > 0 ? peer : null;
    } catch {
      await this.close();
      return 'unknown';
    }
  }

  /** The socket whose local end is that of `ends`, held by somebody (with an inode) or by nobody any more. */
  async #look(socket: DiagnosisSocket, ends: ConnectionEnds): Promise<PeerSocket | null> {
    for (const interfaceIndex of INTERFACES) {
      const found = await this.#ask(socket, ends, interfaceIndex);
      if (found) return found;
    }
    return null;
  }

  #ask(socket: DiagnosisSocket, ends: ConnectionEnds, interfaceIndex: number): Promise<PeerSocket | null> {
    const asked = this.#last.then(async () => {
      this.#sequence = (this.#sequence + 1) >>> 0;
      const answers = await socket.exchange(writeRequest(ends, interfaceIndex, this.#sequence));
      return readAnswers(answers, ends, this.#sequence);
    });
    this.#last = asked.catch(() => undefined);
    return asked;
  }
}

/** The same connection as its other end sees it. */
function turn({ remoteAddress, remotePort, localAddress, localPort }: ConnectionEnds): ConnectionEnds {
  return {
    remoteAddress: localAddress,
    remotePort: localPort,
    localAddress: remoteAddress,
    localPort: remotePort,
  };
}

/** Asks for the socket with these ends. Numbers are in the machine's order, addresses and ports in the network's. */
export function writeRequest(ends: ConnectionEnds, interfaceIndex: number, sequence: number): Buffer {
  const message = Buffer.alloc(MESSAGE_HEAD_BYTES + REQUEST_BYTES);
  const [local, remote] = [bytesOf(ends.localAddress), bytesOf(ends.remoteAddress)];
  write32(message, message.length, 0);
  write16(message, SOCK_DIAG_BY_FAMILY, 4);
  write16(message, NLM_F_REQUEST, 6);
  write32(message, sequence, 8);
  message[16] = local.length === 4 ? AF_INET : AF_INET6;
  message[17] = IPPROTO_TCP;
  // All states.
  write32(message, 0xffffffff, 20);
  message.writeUInt16BE(ends.localPort, 24);
  message.writeUInt16BE(ends.remotePort, 26);
  message.set(local, 28);
  message.set(remote, 44);
  write32(message, interfaceIndex, 60);
  write32(message, NO_COOKIE, 64);
  write32(message, NO_COOKIE, 68);
  return message;
}

/**
 * The socket that the kernel answers with, null if there is none. It is held against what was asked for, since for a
 * connection that is not there the kernel names whoever listens at its address. Throws for every other answer.
 */
export function readAnswers(
  answers: readonly Buffer[],
  ends: ConnectionEnds,
  sequence: number,
): PeerSocket | null {
  for (const answer of answers) {
    if (answer.length < MESSAGE_HEAD_BYTES + 4 || read32(answer, 8) !== sequence) continue;
    const type = read16(answer, 4);
    if (type === NLMSG_ERROR && read32(answer, 16) === -ENOENT >>> 0) return null;
    if (type !== SOCK_DIAG_BY_FAMILY || answer.length < MESSAGE_HEAD_BYTES + ANSWER_BYTES) break;
    if (!hasEnds(answer, ends)) return null;
    return { uid: read32(answer, 80), inode: read32(answer, 84), groupId: readGroupId(answer) };
  }
  throw new Error('the kernel does not tell of its sockets');
}

/** The attribute that says which control group made the socket; null where the kernel (before 5.9) has none. */
function readGroupId(answer: Buffer): number | null {
  const end = Math.min(read32(answer, 0), answer.length);
  for (let at = MESSAGE_HEAD_BYTES + ANSWER_BYTES; at + ATTRIBUTE_HEAD_BYTES <= end; ) {
    const length = read16(answer, at);
    if (length < ATTRIBUTE_HEAD_BYTES) return null;
    if (read16(answer, at + 2) === INET_DIAG_CGROUP_ID && length >= ATTRIBUTE_HEAD_BYTES + 8) {
      const [first, second] = [read32(answer, at + 4), read32(answer, at + 8)];
      const [low, high] = isLittle ? [first, second] : [second, first];
      return high * 2 ** 32 + low;
    }
    at += (length + 3) & ~3;
  }
  return null;
}

function hasEnds(
  answer: Buffer,
  { localAddress, localPort, remoteAddress, remotePort }: ConnectionEnds,
): boolean {
  const at = (offset: number): Buffer => answer.subarray(offset, offset + (answer[16] === AF_INET ? 4 : 16));
  return (
    answer.readUInt16BE(20) === localPort &&
    answer.readUInt16BE(22) === remotePort &&
    isAddress(at(24), localAddress) &&
    isAddress(at(40), remoteAddress)
  );
}

/** Whether these bytes are that address; a socket of IPv6 has IPv4 ones too, carried as IPv6. */
function isAddress(bytes: Buffer, address: string): boolean {
  const wanted = bytesOf(address);
  const plain = bytes.length > wanted.length ? [...MAPPED, ...wanted] : wanted;
  return bytes.equals(Buffer.from(plain));
}

const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

const bytesOf = (address: string): number[] => bytesOfAddress(plainAddress(address));

const isLittle = endianness() === 'LE';
const write16 = (buffer: Buffer, value: number, at: number): number =>
  isLittle ? buffer.writeUInt16LE(value, at) : buffer.writeUInt16BE(value, at);
const write32 = (buffer: Buffer, value: number, at: number): number =>
  isLittle ? buffer.writeUInt32LE(value, at) : buffer.writeUInt32BE(value, at);
const read16 = (buffer: Buffer, at: number): number =>
  isLittle ? buffer.readUInt16LE(at) : buffer.readUInt16BE(at);
const read32 = (buffer: Buffer, at: number): number =>
  isLittle ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at);
