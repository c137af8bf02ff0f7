import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openNetlinkSocket } from '../../../src-main/access/netlink-socket.ts';
import type { ConnectionEnds, PeerOwners } from '../../../src-main/access/peer-owners.ts';
import {
  DiagnosedPeerOwners,
  type DiagnosisSocket,
  readAnswers,
  writeRequest,
} from '../../../src-main/access/socket-diagnosis.ts';

// What a server on 127.0.0.1:8000 (1f40) sees of a client at port 40000 (9c40).
const ENDS: ConnectionEnds = {
  remoteAddress: '127.0.0.1',
  remotePort: 40_000,
  localAddress: '127.0.0.1',
  localPort: 8000,
};
const CLIENT_ENDS: ConnectionEnds = { ...ENDS, remotePort: 8000, localPort: 40_000 };

/** What the tables say, which are asked only where the diagnosis does not know. */
const TABLES_SAY = { uid: 4242, inode: 1, groupId: null };
const tables: PeerOwners = { find: async () => TABLES_SAY, close: async () => undefined };

const NOT_THERE = -2;
const NOT_ALLOWED = -1;

/** An answer of the kernel's: a socket, or an error. */
function answer(sequence: number, what: (ConnectionEnds & { uid: number; inode: number }) | number): Buffer {
  const message = Buffer.alloc(88);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt32LE(sequence, 8);
  if (typeof what === 'number') {
    message.writeUInt16LE(2, 4);
    message.writeInt32LE(what, 16);
    return message.subarray(0, 36);
  }
  message.writeUInt16LE(20, 4);
  message[16] = 2;
  message.writeUInt16BE(what.localPort, 20);
  message.writeUInt16BE(what.remotePort, 22);
  message.set(what.localAddress.split('.').map(Number), 24);
  message.set(what.remoteAddress.split('.').map(Number), 40);
  message.writeUInt32LE(what.uid, 80);
  message.writeUInt32LE(what.inode, 84);
  return message;
}

const sequenceOf = (request: Buffer): number => request.readUInt32LE(8);
const localPortOf = (request: Buffer): number => request.readUInt16BE(24);

/** A kernel that answers each request with what `respond` makes of it. */
function kernelThat(respond: (request: Buffer) => Buffer[]) {
  const asked: Buffer[] = [];
  const socket: DiagnosisSocket = {
    exchange: async (request) => {
      asked.push(request);
      return respond(request);
    },
    close: () => undefined,
  };
  return { asked, owners: new DiagnosedPeerOwners(async () => socket, tables) };
}

describe('writeRequest and readAnswers', () => {
  it.runIf(process.arch === 'x64' || process.arch === 'arm64')('ask for one connection', () => {
    expect(writeRequest(CLIENT_ENDS, 1, 7).toString('hex')).toBe(
      `${'48000000 1400 0100 07000000 00000000'}${'02 06 00 00 ffffffff'}${'9c40 1f40'}${'7f000001'}${'0'.repeat(24)}${'7f000001'}${'0'.repeat(24)}${'01000000 ffffffffffffffff'}`.replaceAll(
        ' ',
        '',
      ),
    );
  });

  it('take what was asked for, and nothing else for it', () => {
    const found = { ...CLIENT_ENDS, uid: 1000, inode: 22 };
    expect(readAnswers([answer(7, found)], CLIENT_ENDS, 7)).toEqual({ uid: 1000, inode: 22, groupId: null });
    // An answer to a question that nobody waits for any more.
    expect(readAnswers([answer(6, NOT_THERE), answer(7, found)], CLIENT_ENDS, 7)).toMatchObject({
      inode: 22,
    });
    expect(readAnswers([answer(7, NOT_THERE)], CLIENT_ENDS, 7)).toBeNull();
    for (const other of [
      { ...found, localPort: 1 },
      { ...found, remotePort: 0 },
      { ...found, remoteAddress: '0.0.0.0' },
      { ...found, localAddress: '127.0.0.2' },
    ])
      expect(readAnswers([answer(7, other)], CLIENT_ENDS, 7)).toBeNull();
  });

  it.each<[string, Buffer[]]>([
    ['nothing', []],
    ['an empty message', [Buffer.alloc(0)]],
    ['half a message', [answer(7, { ...CLIENT_ENDS, uid: 0, inode: 1 }).subarray(0, 60)]],
    ['a refusal', [answer(7, NOT_ALLOWED)]],
    ['an answer to another question', [answer(8, NOT_THERE)]],
  ])('fail over %s', (_, answers) => {
    expect(() => readAnswers(answers, CLIENT_ENDS, 7)).toThrow('does not tell');
  });
});

describe('DiagnosedPeerOwners', () => {
  const found = { ...CLIENT_ENDS, uid: 1000, inode: 22 };

  it('asks for the client’s end, and the tables for nothing', async () => {
    const { owners, asked } = kernelThat((request) => [answer(sequenceOf(request), found)]);
    expect(await owners.find(ENDS)).toEqual({ uid: 1000, inode: 22, groupId: null });
    expect(asked.map(localPortOf)).toEqual([40_000]);
  });

  it('takes an end that nobody holds for nobody’s, though it reads as root’s', async () => {
    const { owners } = kernelThat((request) => [
      answer(sequenceOf(request), { ...CLIENT_ENDS, uid: 0, inode: 0 }),
    ]);
    expect(await owners.find(ENDS)).toBeNull();
  });

  it('takes an end that is not there for nobody’s where our own is found', async () => {
    const { owners } = kernelThat((request) => [
      answer(
        sequenceOf(request),
        localPortOf(request) === ENDS.localPort ? { ...ENDS, uid: 0, inode: 5 } : NOT_THERE,
      ),
    ]);
    expect(await owners.find(ENDS)).toBeNull();
  });

  it('asks the tables where the kernel does not even know our own end', async () => {
    const { owners } = kernelThat((request) => [answer(sequenceOf(request), NOT_THERE)]);
    expect(await owners.find(ENDS)).toEqual(TABLES_SAY);
  });

  it('asks the tables from then on where the kernel refuses to tell', async () => {
    const { owners, asked } = kernelThat((request) => [answer(sequenceOf(request), NOT_ALLOWED)]);
    expect(await owners.find(ENDS)).toEqual(TABLES_SAY);
    expect(await owners.find(ENDS)).toEqual(TABLES_SAY);
    expect(asked).toHaveLength(1);
  });

  it('asks the tables where there is no diagnosis, and once it is closed', async () => {
    expect(await new DiagnosedPeerOwners(async () => null, tables).find(ENDS)).toEqual(TABLES_SAY);
    const { owners, asked } = kernelThat((request) => [answer(sequenceOf(request), found)]);
    await owners.close();
    expect(await owners.find(ENDS)).toEqual(TABLES_SAY);
    expect(asked).toEqual([]);
  });

  it('asks one thing at a time', async () => {
    let isAsking = false;
    const socket: DiagnosisSocket = {
      exchange: async (request) => {
        expect(isAsking).toBe(false);
        isAsking = true;
        await new Promise((resolve) => setImmediate(resolve));
        isAsking = false;
        return [answer(sequenceOf(request), found)];
      },
      close: () => expect(isAsking).toBe(false),
    };
    const owners = new DiagnosedPeerOwners(async () => socket, tables);
    const all = Promise.all([owners.find(ENDS), owners.find(ENDS), owners.find(ENDS)]);
    await owners.find(ENDS);
    await owners.close();
    expect(await all).toEqual(Array(3).fill({ uid: 1000, inode: 22, groupId: null }));
  });
});

describe.runIf(process.platform === 'linux')('the kernel’s own diagnosis', () => {
  /** A connection of this process to itself, and owners that fail where the kernel cannot be asked. */
  async function openConnection(serverHost: string, clientHost = serverHost) {
    const server = createServer({ allowHalfOpen: true }).listen(0, serverHost);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const client = connect({ host: clientHost, port });
    const [accepted] = (await once(server, 'connection')) as [Socket];
    accepted.on('error', () => undefined);
    const owners = new DiagnosedPeerOwners(openNetlinkSocket, {
      find: () => Promise.reject(new Error('the kernel could not be asked')),
      close: async () => undefined,
    });
    onTestFinished(async () => {
      client.destroy();
      accepted.destroy();
      server.close();
      await owners.close();
    });
    const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = accepted;
    return { owners, client, port, ends: { remoteAddress, remotePort, localAddress, localPort } };
  }

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    // A client whose socket is of IPv6.
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['127.0.0.1', '127.0.0.2'],
  ])('tells whose a connection over %s is from %s, and that a closed one is nobody’s', async (host, from) => {
    const [serverHost, clientHost] = from === '127.0.0.2' ? [undefined, from] : [host, from];
    const { owners, client, ends } = await openConnection(serverHost ?? '0.0.0.0', clientHost);
    expect(await owners.find(ends)).toEqual({
      uid: process.getuid?.(),
      inode: expect.any(Number),
      groupId: expect.any(Number),
    });
    client.destroy();
    await expect.poll(() => owners.find(ends)).toBeNull();
  });

  it('takes nobody else’s socket for one that is not there', async () => {
    const { owners, ends, port } = await openConnection('127.0.0.1');
    expect(await owners.find(ends)).not.toBeNull();
    expect(await owners.find({ ...ends, remotePort: ends.remotePort - 1 })).toBeNull();
    // Somebody listens there, but that is no connection.
    expect(await owners.find({ ...ends, remotePort: port })).toBeNull();
  });
});
