import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ConnectionCounts } from '../../../src-main/access/connection-counts.ts';
import { Connections } from '../../../src-main/access/connections.ts';
import { ContainedPeers, type RunningCommands } from '../../../src-main/access/contained-peers.ts';
import { type PeerOwners, UNKNOWN_PEER_OWNERS } from '../../../src-main/access/peer-owners.ts';

const NO_COMMANDS = { isBusy: false, sessionOfProcess: async () => null, sessionOfGroup: () => undefined };
const LIMITS = { perSource: 2, fromNetwork: 3, total: 4, reserved: 1 };

/** What the system tells of every connection from this machine. */
interface World {
  readonly owners?: PeerOwners;
  readonly commands?: RunningCommands;
  readonly ownUid?: number | null;
}

/** Connections that open, wait and close as a test says. */
function openRig({ owners = UNKNOWN_PEER_OWNERS, commands = NO_COMMANDS, ownUid = null }: World = {}) {
  const connections = new Connections({
    owners,
    counts: new ConnectionCounts(LIMITS),
    contained: new ContainedPeers(commands, ownUid),
    ownUid,
  });
  return {
    connections,
    open: async (remoteAddress: string) => {
      const socket = new FakeSocket(remoteAddress) as unknown as Socket;
      const { isWithinLimits } = await connections.peerOf(socket);
      return { socket, isWithinLimits };
    },
    openIdle: async (remoteAddress: string): Promise<Socket> => {
      const socket = new FakeSocket(remoteAddress) as unknown as Socket;
      expect((await connections.peerOf(socket)).isWithinLimits).toBe(true);
      connections.noteIdle(socket, true);
      return socket;
    },
  };
}

class FakeSocket extends EventEmitter {
  destroyed = false;

  constructor(readonly remoteAddress: string) {
    super();
  }

  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('Connections', () => {
  it('lets nobody in beyond a limit while all are at work', async () => {
    const { open } = openRig();
    for (const isWithin of [true, true, false])
      expect((await open('192.0.2.1')).isWithinLimits).toBe(isWithin);
  });

  it('ends the longest idle connection of a source for a new one of it', async () => {
    const { open, openIdle } = openRig();
    const [first, second] = [await openIdle('192.0.2.1'), await openIdle('192.0.2.1')];
    expect((await open('192.0.2.1')).isWithinLimits).toBe(true);
    expect([first.destroyed, second.destroyed]).toEqual([true, false]);
  });

  it('ends nobody’s for a source that has met its own limit', async () => {
    const { open, openIdle } = openRig();
    const other = await openIdle('192.0.2.2');
    for (const isWithin of [true, true, false])
      expect((await open('192.0.2.1')).isWithinLimits).toBe(isWithin);
    expect(other.destroyed).toBe(false);
  });

  it('leaves alone one that is at work again', async () => {
    const { connections, open, openIdle } = openRig();
    const [first, second] = [await openIdle('192.0.2.1'), await openIdle('192.0.2.1')];
    connections.noteIdle(first, false);
    expect((await open('192.0.2.1')).isWithinLimits).toBe(true);
    expect([first.destroyed, second.destroyed]).toEqual([false, true]);
  });

  it('makes room for the network from the network alone, and for this machine from everywhere', async () => {
    const { open, openIdle } = openRig();
    const here = await openIdle('127.0.0.1');
    const idle = await openIdle('192.0.2.1');
    await open('192.0.2.2');
    await open('192.0.2.3');
    // That is all that the network has, and all in all.
    expect((await open('192.0.2.4')).isWithinLimits).toBe(true);
    expect([here.destroyed, idle.destroyed]).toEqual([false, true]);
    expect((await open('192.0.2.5')).isWithinLimits).toBe(false);
    expect(here.destroyed).toBe(false);
    expect((await open('127.0.0.1')).isWithinLimits).toBe(true);
    expect(here.destroyed).toBe(true);
  });

  it('forgets those that close', async () => {
    const { connections, open, openIdle } = openRig();
    const gone = await openIdle('192.0.2.1');
    gone.destroy();
    connections.noteIdle(gone, true);
    for (const isWithin of [true, true, false])
      expect((await open('192.0.2.1')).isWithinLimits).toBe(isWithin);
  });

  describe('tells on whose account it is what comes', () => {
    const OWN_UID = 1000;
    const end = (uid: number, groupId: number | null): PeerOwners => ({
      find: async () => ({ uid, inode: 1, groupId }),
      close: async () => undefined,
    });
    const commands: RunningCommands = {
      isBusy: true,
      sessionOfProcess: async () => null,
      sessionOfGroup: (groupId) => (groupId === 7 ? 'remote_1' : null),
    };
    const laneOf = async (address: string, world: World) => {
      const { connections, open } = openRig({ commands, ownUid: OWN_UID, ...world });
      return connections.laneOf((await open(address)).socket);
    };

    it('of the person, of a command, of another user and of a network', async () => {
      const lanes = await Promise.all([
        laneOf('127.0.0.1', { owners: end(OWN_UID, 1) }),
        laneOf('127.0.0.1', { owners: end(OWN_UID, 7) }),
        laneOf('127.0.0.1', { owners: end(OWN_UID + 1, 1) }),
        laneOf('192.0.2.1', { owners: end(OWN_UID, 1) }),
      ]);
      expect(lanes.map(({ isPersons }) => isPersons)).toEqual([true, false, false, false]);
      expect(new Set(lanes.map(({ name }) => name)).size).toBe(4);
    });

    it('not of the person for certain where the kernel does not say who made it while commands run', async () => {
      const owners = end(OWN_UID, null);
      expect(await laneOf('127.0.0.1', { owners })).toMatchObject({ isPersons: false });
      expect(await laneOf('127.0.0.1', { owners, commands: NO_COMMANDS })).toMatchObject({ isPersons: true });
    });

    it('of the person where the system does not tell users apart, and of nobody where nothing is known', async () => {
      expect(await laneOf('127.0.0.1', { ownUid: null, commands: NO_COMMANDS })).toMatchObject({
        isPersons: true,
      });
      const unknown = new FakeSocket('127.0.0.1') as unknown as Socket;
      expect(await openRig().connections.laneOf(unknown)).toMatchObject({ isPersons: false });
    });
  });

  describe('when programs of the person’s own user have all that there is for them', () => {
    const OWN_UID = 1000;
    const COMMANDS_GROUP = 7;
    /** What the kernel says of a connection: whose it is, and what made it. */
    const madeBy = (uid: number, groupId: number): PeerOwners => ({
      find: async () => ({ uid, inode: 1, groupId }),
      close: async () => undefined,
    });
    const commands: RunningCommands = {
      isBusy: true,
      sessionOfProcess: async () => null,
      sessionOfGroup: (groupId) => (groupId === COMMANDS_GROUP ? 'remote_1' : null),
    };
    const fill = async (open: (address: string) => Promise<unknown>): Promise<void> => {
      for (let each = 0; each < LIMITS.total; each += 1) await open('127.0.0.1');
    };

    it('lets in no command beyond that', async () => {
      const { open } = openRig({ owners: madeBy(OWN_UID, COMMANDS_GROUP), commands, ownUid: OWN_UID });
      await fill(open);
      expect((await open('127.0.0.1')).isWithinLimits).toBe(false);
    });

    it('lets in nobody of another user', async () => {
      const { open } = openRig({ owners: madeBy(OWN_UID + 1, 1), commands, ownUid: OWN_UID });
      await fill(open);
      expect((await open('127.0.0.1')).isWithinLimits).toBe(false);
    });

    /** Where what waits for its next request stays, so that nothing but the reserve is there for the person. */
    const openRigOfPerson = () =>
      openRig({ owners: madeBy(OWN_UID, 1), commands: { ...commands, isBusy: false }, ownUid: OWN_UID });

    it('lets in the person, up to the reserve, and again when one of these has closed', async () => {
      const { open } = openRigOfPerson();
      await fill(open);
      const first = await open('127.0.0.1');
      expect(first.isWithinLimits).toBe(true);
      expect((await open('127.0.0.1')).isWithinLimits).toBe(false);
      first.socket.destroy();
      expect((await open('127.0.0.1')).isWithinLimits).toBe(true);
    });

    it('ends one of the reserve that only waits for another of it, and for nobody else', async () => {
      const { open, connections } = openRigOfPerson();
      await fill(open);
      const { socket } = await open('127.0.0.1');
      connections.noteIdle(socket, true);
      expect((await open('192.0.2.1')).isWithinLimits).toBe(false);
      expect(socket.destroyed).toBe(false);
      expect((await open('127.0.0.1')).isWithinLimits).toBe(true);
      expect(socket.destroyed).toBe(true);
    });
  });
});
