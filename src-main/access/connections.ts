import type { Socket } from 'node:net';
import type { ConnectionCounts } from './connection-counts.ts';
import type { ContainedPeers, Containment, ContainmentFinding } from './contained-peers.ts';
import type { PeerOwners, PeerSocket } from './peer-owners.ts';
import { isLoopback, isOwnAddress, networkSource, plainAddress } from './source-address.ts';

/** On whose account something is done that comes over a connection. */
export interface Lane {
  /** Tells it from others. */
  readonly name: string;
  /** Whether that is the person at the machine, and certainly no command. */
  readonly isPersons: boolean;
}

/** Of connections of which nothing is known (any more). */
const STRANGERS: Lane = { name: '', isPersons: false };

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
  /** Whether it is one. Looks at all processes of the machine, unless what was found before cannot change. */
  findContainment(): Promise<Containment>;
  /** On whose account it is, as far as that can be told without a look at the machine's processes. */
  findLane(): Promise<Lane>;
}

/** What {@link Connections} work with. */
export interface ConnectionsOptions {
  readonly owners: PeerOwners;
  readonly counts: ConnectionCounts;
  readonly contained: ContainedPeers;
  /** The agent's own user, or null where the system has no such number. */
  readonly ownUid: number | null;
}

/** What can be found out about a connection that wants in. */
interface Caller extends Pick<Peer, 'findUid' | 'findContainment'> {
  readonly local: boolean;
}

/** A connection that counts, until `release` is called. */
interface Counted {
  /** On whose account: a remote network, this machine, the agent's own user, or the person beyond all limits. */
  readonly source: string;
  readonly local: boolean;
  readonly release: () => void;
}

/** What those are counted as that the person has beyond all limits. They give way to each other alone. */
const RESERVE = 'the person at the machine';

function isReserved({ source }: Counted): boolean {
  return source === RESERVE;
}

/** The agent's open connections, each with what is known of its other end. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #peers = new WeakMap<Socket, Promise<Peer>>();
  readonly #counted = new WeakMap<Socket, Counted>();
  /** Those that wait for their next request, the longest idle first. */
  readonly #idle = new Set<Socket>();

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

  /** On whose account it is what comes over a connection: it is not asked who that is anew. */
  async laneOf(socket: Socket): Promise<Lane> {
    const peer = await this.#peers.get(socket)?.catch(() => undefined);
    return peer ? peer.findLane() : STRANGERS;
  }

  /** Takes note of what a connection has become by TLS: the same one, of which all that was found out holds. */
  noteSecured(socket: Socket, secured: Socket): void {
    const peer = this.peerOf(socket);
    this.#peers.set(secured, peer);
    void peer.then(() => {
      const counted = this.#counted.get(socket);
      if (counted) this.#counted.set(secured, counted);
      secured.once('close', () => this.#idle.delete(secured));
    });
  }

  /** Takes note that a connection waits for its next request, or does so no longer. While it waits, it gives way. */
  noteIdle(socket: Socket, isIdle: boolean): void {
    this.#idle.delete(socket);
    if (isIdle && this.#counted.has(socket) && !socket.destroyed) this.#idle.add(socket);
  }

  async #identify(socket: Socket): Promise<Peer> {
    const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
    const { owners, contained } = this.#options;
    const local = isLoopback(remoteAddress);
    // By the machine's own address in the network it may be a command that calls all the same; but who guesses there, or
    // opens too much, is told apart by address like everybody in the network.
    const isOnMachine = local || isOwnAddress(remoteAddress);
    let asked: Promise<PeerSocket | null> | null = null;
    const findSocket = (): Promise<PeerSocket | null> => {
      if (!isOnMachine) return Promise.resolve(null);
      asked ??= owners.find({ remoteAddress, remotePort, localAddress, localPort });
      return asked;
    };
    const wasBusy = contained.areThere;
    // Asked while it is certainly there: a command of a moment ago may be forgotten when it matters.
    if (wasBusy) void findSocket().catch(() => undefined);
    const mayBeContained = (): boolean => isOnMachine && (wasBusy || contained.areThere);
    let found: ContainmentFinding | null = null;
    const findUid = async (): Promise<number | null> => (await findSocket())?.uid ?? null;
    const findContainment = async (): Promise<Containment> => {
      if (!mayBeContained()) return 'no';
      // What can change is looked at for each request: the other end goes from hand to hand while requests are sent.
      if (!found?.isFinal) found = await contained.find(await findSocket(), wasBusy);
      return found.containment;
    };
    const isWithinLimits = await this.#count(socket, { local, findUid, findContainment });
    let lane: Promise<Lane> | null = null;
    const findLane = async (): Promise<Lane> => {
      if (!local) return { name: networkSource(remoteAddress), isPersons: false };
      if (this.#counted.get(socket)?.source === RESERVE) return { name: RESERVE, isPersons: true };
      const end = await findSocket();
      const { ownUid } = this.#options;
      if (ownUid !== null && end?.uid !== ownUid)
        return { name: `user ${end?.uid ?? 'unknown'}`, isPersons: false };
      const maker = contained.makerOf(end);
      if (typeof maker === 'string') return { name: `command of ${maker}`, isPersons: false };
      // Where the kernel does not say who made it, the person shares a lane with commands while there are any.
      return maker === null || !mayBeContained()
        ? { name: 'own user', isPersons: true }
        : { name: 'own user or a command', isPersons: false };
    };
    return {
      address: plainAddress(remoteAddress),
      isLoopback: local,
      isWithinLimits,
      findUid,
      findSource: async () =>
        local ? `user ${(await findUid()) ?? 'unknown'} of this machine` : networkSource(remoteAddress),
      mayBeContained,
      findContainment,
      findLane: () => {
        lane ??= findLane().catch(() => STRANGERS);
        return lane;
      },
    };
  }

  /**
   * Counts a connection until it closes; false if it is one too many, and none that only waits could make room for it.
   * When this machine's other users have taken what there is for it, the agent's own still gets in; and when programs of
   * that user have, commands among them, what is no command gets in by the reserve.
   */
  async #count(socket: Socket, { local, findUid, findContainment }: Caller): Promise<boolean> {
    const { ownUid, counts } = this.#options;
    const sources = [local ? 'this machine' : networkSource(socket.remoteAddress ?? '')];
    if (this.#admit(socket, sources, local)) return true;
    const isOwn = local && ownUid !== null && (await findUid()) === ownUid;
    if (isOwn) {
      sources.push('own user');
      if (this.#admit(socket, sources, local)) return true;
    }
    const hasPlace = this.#whatGivesWay(sources, local).some(
      (isMeant) => this.#endLongestIdle(isMeant) && this.#admit(socket, sources, local),
    );
    if (hasPlace || !isOwn || (await findContainment()) !== 'no') return hasPlace;
    const admit = (): boolean => this.#keep(socket, { source: RESERVE, local }, () => counts.admitReserved());
    return admit() || (this.#endLongestIdle(isReserved) && admit());
  }

  /**
   * Which of the idle connections are in the way of one from `sources`: those that share with it the limit it has met,
   * the first of these that there are. This machine's may push out the network's, never the other way round.
   */
  #whatGivesWay(sources: readonly string[], local: boolean): readonly ((counted: Counted) => boolean)[] {
    const fromNetwork = (counted: Counted): boolean => !counted.local;
    const fromAnywhere = (counted: Counted): boolean => !isReserved(counted);
    switch (this.#options.counts.limitFor(sources.at(-1) ?? '', !local)) {
      case 'source':
        return [({ source }) => sources.includes(source)];
      case 'network':
        return [fromNetwork];
      case 'total':
        return local ? [fromNetwork, fromAnywhere] : [fromNetwork];
      case null:
        return [];
    }
  }

  #admit(socket: Socket, sources: readonly string[], local: boolean): boolean {
    return sources.some((source) =>
      this.#keep(socket, { source, local }, () => this.#options.counts.admit(source, !local)),
    );
  }

  /** Lets a connection count, until it closes, as what `admit` has let it in by; false if it has not, or it is closed. */
  #keep(socket: Socket, as: Omit<Counted, 'release'>, admit: () => (() => void) | null): boolean {
    const release = socket.destroyed ? null : admit();
    if (!release) return false;
    this.#counted.set(socket, { ...as, release });
    socket.once('close', () => {
      this.#idle.delete(socket);
      release();
    });
    return true;
  }

  #endLongestIdle(isMeant: (counted: Counted) => boolean): boolean {
    for (const socket of this.#idle) {
      const counted = this.#counted.get(socket);
      if (!counted || !isMeant(counted)) continue;
      this.#idle.delete(socket);
      counted.release();
      socket.destroy();
      return true;
    }
    return false;
  }
}
