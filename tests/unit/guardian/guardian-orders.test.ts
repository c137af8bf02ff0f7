import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BEAT,
  formatFarewell,
  formatOrders,
  type GuardianOrders,
  LineReader,
} from '../../../src-main/guardian/guardian-orders.ts';

const ORDERS: GuardianOrders = {
  agentPid: 42,
  stallSeconds: 5,
  trace: { kind: 'marks', prefix: '51234567890', groupParents: ['/sys/fs/cgroup/ours'] },
  isHeir: false,
  executable: '/opt/port hole/é',
  markFile: '/data/fall.json',
  stackFile: '/data/stack.txt',
  heartbeatFile: '/data/alive.json',
  logFile: '/data/porthole.log',
  relaunch: { file: '/opt/porthole', args: ['--a\nb', ''], cwd: '/' },
  restartsFile: '/data/restarts.json',
};

describe('lineReader', () => {
  it('hears the same however the bytes come', () => {
    const text = BEAT + formatOrders(ORDERS) + BEAT + formatFarewell(true);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length })), (cuts) => {
        const reader = new LineReader();
        const places = [0, ...cuts.sort((a, b) => a - b), text.length];
        const heard = places.slice(1).map((end, index) => reader.read(text.slice(places[index], end)));
        expect(heard.filter(({ orders }) => orders).map(({ orders }) => orders)).toEqual([ORDERS]);
        expect(heard.filter(({ farewell }) => farewell).map(({ farewell }) => farewell)).toEqual(['failed']);
        expect(heard.some(({ isAlive }) => isAlive)).toBe(true);
      }),
    );
  });

  it('takes silence for silence', () => {
    expect(new LineReader().read('')).toEqual({ isAlive: false, orders: null, farewell: null });
  });
});
