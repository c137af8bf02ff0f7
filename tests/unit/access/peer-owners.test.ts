import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findInTable, LinuxPeerOwners } from '../../../src-main/access/peer-owners.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const entry = (ends: string, state: string, uid: number, inode: number): string =>
  `   7: ${ends} ${state} 00000000:00000000 00:00000000 00000000 ${String(uid).padStart(5)}        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`;

// What a server on 127.0.0.1:8000 (1F40) sees of a client at port 40000 (9C40).
const ENDS = {
  remoteAddress: '127.0.0.1',
  remotePort: 40_000,
  localAddress: '127.0.0.1',
  localPort: 8000,
};
const CLIENT = '0100007F:9C40 0100007F:1F40';
const SERVER = '0100007F:1F40 0100007F:9C40';

describe('findInTable', () => {
  it('finds the client’s end, not the server’s own', () => {
    const table = HEAD + entry(SERVER, '01', 0, 11) + entry(CLIENT, '01', 1000, 22);
    expect(findInTable(table, ENDS)).toEqual({ uid: 1000, inode: 22, groupId: null });
  });

  it('takes an end that nobody holds for nobody’s, though it reads as root’s', () => {
    expect(findInTable(HEAD + entry(CLIENT, '04', 0, 0), ENDS)).toBeNull();
    expect(findInTable(HEAD + entry(CLIENT, '06', 0, 0), ENDS)).toBeNull();
  });

  it('finds nothing in what is not there', () => {
    expect(findInTable('', ENDS)).toBeNull();
    expect(findInTable(HEAD + entry(SERVER, '01', 0, 11), ENDS)).toBeNull();
    expect(findInTable(HEAD + entry('0100007F:9C41 0100007F:1F40', '01', 0, 11), ENDS)).toBeNull();
  });

  it('finds IPv6 ends, and IPv4 ones that a socket of IPv6 has', () => {
    const one = '00000000000000000000000001000000';
    const ends = { ...ENDS, remoteAddress: '::1', localAddress: '::1' };
    expect(findInTable(entry(`${one}:9C40 ${one}:1F40`, '01', 7, 1), ends)).toEqual({
      uid: 7,
      inode: 1,
      groupId: null,
    });
    const mapped = '0000000000000000FFFF00000100007F';
    const table = entry(`${mapped}:9C40 ${mapped}:1F40`, '01', 8, 2);
    expect(findInTable(table, ENDS)).toEqual({ uid: 8, inode: 2, groupId: null });
    expect(findInTable(table, { ...ENDS, remoteAddress: '::ffff:127.0.0.1' })).toEqual({
      uid: 8,
      inode: 2,
      groupId: null,
    });
  });
});

describe('LinuxPeerOwners', () => {
  it('reads the table anew for a connection that came after a reading began, and once for all who wait', async () => {
    const started: (() => void)[] = [];
    let table = '';
    const owners = new LinuxPeerOwners((family) => {
      if (family === 'tcp6') return Promise.resolve('');
      // Only the first two readings are in question.
      if (started.length === 2) return Promise.resolve(table);
      return new Promise((resolve) => {
        const asItIs = table;
        started.push(() => resolve(asItIs));
      });
    });
    const early = owners.find({ ...ENDS, remotePort: 1 });
    await expect.poll(() => started.length).toBe(1);
    table = HEAD + entry(CLIENT, '01', 1000, 22);
    const late = Promise.all([owners.find(ENDS), owners.find(ENDS), owners.find(ENDS)]);
    started[0]?.();
    await expect.poll(() => started.length).toBe(2);
    started[1]?.();
    expect(await late).toEqual(Array(3).fill({ uid: 1000, inode: 22, groupId: null }));
    expect(await early).toBeNull();
  });

  it.runIf(process.platform === 'linux').each(['127.0.0.1', '::1'])(
    'finds out whose a real connection over %s is, and that a closed one is nobody’s',
    async (host) => {
      const server = createServer({ allowHalfOpen: true }).listen(0, host);
      await once(server, 'listening');
      onTestFinished(() => {
        server.close();
      });
      const address = server.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      const client = connect({ host, port });
      const [accepted] = (await once(server, 'connection')) as [Socket];
      onTestFinished(() => {
        accepted.destroy();
      });
      accepted.on('error', () => undefined);
      const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = accepted;
      const ends = { remoteAddress, remotePort, localAddress, localPort };
      const owners = new LinuxPeerOwners();
      expect(await owners.find(ends)).toEqual({
        uid: process.getuid?.(),
        inode: expect.any(Number),
        groupId: null,
      });
      client.destroy();
      await expect.poll(() => owners.find(ends)).toBeNull();
    },
  );
});
