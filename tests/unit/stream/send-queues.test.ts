import { describe, expect, it } from 'vitest';
import { SendQueues } from '../../../src-main/stream/send-queues.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const TCP = `${HEAD}   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:1F40 0100007F:D3A4 01 0003D090:00000000 01:00000014 00000000     0        0 2
  12: 0A00A8C0:1F40 1401A8C0:C001 01 00000010:00000000 00:00000000 00000000     0        0 3
`;
const TCP6 = `${HEAD}   0: 00000000000000000000000001000000:1F40 00000000000000000000000001000000:C350 01 00000001:00000000 00:00 00 0 0 4
   1: 0000000000000000FFFF00000100007F:1F40 0000000000000000FFFF00000100007F:C351 01 00000002:00000000 00:00 00 0 0 5
   2: 000080FE00000000FF00CDAB34127856:1F40 B80D012000000000000000000100CDAB:C352 01 00000003:00000000 00:00 00 0 0 6
`;

function createRig(read = (file: string): string => (file.endsWith('6') ? TCP6 : TCP)) {
  const clock = new ManualClock();
  let reads = 0;
  const queues = new SendQueues(clock, (file) => {
    reads += 1;
    return read(file);
  });
  const held = (localAddress: string, remoteAddress: string, remotePort: number) =>
    queues.watch({ localAddress, localPort: 8000, remoteAddress, remotePort });
  return { clock, held, reads: () => reads };
}

describe('sendQueues', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1', 54180, 250_000],
    ['192.168.0.10', '192.168.1.20', 49153, 16],
    ['::1', '::1', 50000, 1],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1', 50001, 2],
    ['fe80::abcd:ff:5678:1234%eth0', '2001:db8::abcd:1', 50002, 3],
  ])('finds the connection from %s to %s', (local, remote, port, bytes) => {
    expect(createRig().held(local, remote, port)(0)).toBe(bytes);
  });

  it('knows nothing of other connections, nor where there are no tables', () => {
    expect(createRig().held('127.0.0.1', '127.0.0.1', 1)(0)).toBeNull();
    const without = createRig(() => {
      throw new Error('ENOENT');
    });
    expect(without.held('127.0.0.1', '127.0.0.1', 54180)(0)).toBeNull();
  });

  it('looks once for all that are content with a look of that age', () => {
    const { clock, held, reads } = createRig();
    const viewers = [54180, 54180, 1].map((port) => held('127.0.0.1', '127.0.0.1', port));
    for (const look of viewers) look(100);
    expect(reads()).toBe(1);
    clock.advance(99);
    viewers[0]?.(100);
    expect(reads()).toBe(1);
    clock.advance(1);
    viewers[0]?.(100);
    expect(reads()).toBe(2);
    held('::1', '::1', 50000)(100);
    expect(reads()).toBe(3);
  });
});
