import type { Socket } from 'node:net';
import type { ConnectionCounts } from './connection-counts.ts';
import { type Containment, findContainment, type RunningCommands } from './contained-peers.ts';
import type { PeerOwners, PeerSocket } from './peer-owners.ts';
import { isLoopback, networkSource, plainAddress } from './source-address.ts';

/** Who is at the other end of a connection, as far as the system tells. */
export interface Peer {
  readonly address: string;
  readonly isLoopback: boolean;
  /** False for a connection beyond what its source may have open. */
  readonly isWithinLimits: boolean;
  /** The user whose program it is; null for another machine's, and where nobody can tell. Asks the system once. */
  findUid(): Promise<number | null>;
  /** What wrong secrets are counted by: a network, or a user of this machine. */
  findSource(): Promise<string>;
  /** Whether it could be a command of a session: one runs, or did when the connection was opened. */
  mayBeContained(): boolean;
  /** Whether it is one. Looks at all processes of the machine, once. */
  findContainment(): Promise<Containment>;
}

/** What {@link Connections} work with. */
export interface ConnectionsOptions {
  readonly owners: PeerOwners;
  readonly counts: ConnectionCounts;
  readonly commands: RunningCommands;
  /** The agent's own user, or null where the system has no such number. */
  readonly ownUid: number | null;
}

/** The agent's open connections, each with what is known of its other end. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #peers = new WeakMap<Socket, Promise<Peer>>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /**
   * Who is at the other end of `socket`. To be asked first when the connection opens: from then on it counts, and
   * whether a command ran then is remembered.
   */
  peerOf(socket: Socket): Promise<Peer> {
    const known = this.#peers.get(socket);
    if (known) return known;
    const peer = this.#identify(socket);
    this.#peers.set(socket, peer);
    return peer;
  }

  async #identify(socket: Socket): Promise<Peer> {
    const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
    const { owners, commands } = this.#options;
    const local = isLoopback(remoteAddress);
    let asked: Promise<PeerSocket | null> | null = null;
    const findSocket = (): Promise<PeerSocket | null> => {
      if (!local) return Promise.resolve(null);
      asked ??= owners.find({ remoteAddress, remotePort, localAddress, localPort });
      return asked;
    };
    const wasBusy = commands.isBusy;
    const mayBeContained = (): boolean => local && (wasBusy || commands.isBusy);
    let contained: Promise<Containment> | null = null;
    const findUid = async (): Promise<number | null> => (await findSocket())?.uid ?? null;
    const isWithinLimits = await this.#count(socket, local, findUid);
    return {
      address: plainAddress(remoteAddress),
      isLoopback: local,
      isWithinLimits,
      findUid,
      findSource: async () =>
        local ? `user ${(await findUid()) ?? 'unknown'} of this machine` : networkSource(remoteAddress),
      mayBeContained,
      findContainment: async () => {
        if (!mayBeContained()) return 'no';
        contained ??= findSocket().then((found) => findContainment(commands, found));
        return contained;
      },
    };
  }

  /**
   * Counts a connection until it closes; false if it is one too many. When this machine's other users have taken what
   * there is for it, the agent's own still gets in.
   */
  async #count(socket: Socket, local: boolean, findUid: () => Promise<number | null>): Promise<boolean> {
    const { counts, ownUid } = this.#options;
    const count = (source: string): boolean => {
      if (socket.destroyed) return false;
      const release = counts.admit(source, !local);
      if (release) socket.once('close', release);
      return release !== null;
    };
    if (count(local ? 'this machine' : networkSource(socket.remoteAddress ?? ''))) return true;
    return local && ownUid !== null && (await findUid()) === ownUid && count('own user');
  }
}
