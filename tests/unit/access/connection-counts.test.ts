import { describe, expect, it } from 'vitest';
import { ConnectionCounts, DEFAULT_CONNECTION_LIMITS } from '../../../src-main/access/connection-counts.ts';

function fill(counts: ConnectionCounts, source: string, network: boolean, times: number): number {
  let admitted = 0;
  for (let count = 0; count < times; count += 1) if (counts.admit(source, network)) admitted += 1;
  return admitted;
}

describe('ConnectionCounts', () => {
  it('has room for 250 connections from one loopback address', () => {
    expect(DEFAULT_CONNECTION_LIMITS.perSource).toBeGreaterThanOrEqual(250);
    expect(fill(new ConnectionCounts(DEFAULT_CONNECTION_LIMITS), 'this machine', false, 250)).toBe(250);
  });

  it('lets no source have more than its share', () => {
    const counts = new ConnectionCounts({ perSource: 3, fromNetwork: 10, total: 20, reserved: 2 });
    expect(fill(counts, 'a', true, 5)).toBe(3);
    expect(fill(counts, 'b', true, 5)).toBe(3);
  });

  it('keeps room for this machine, whatever comes from the network', () => {
    const counts = new ConnectionCounts({ perSource: 3, fromNetwork: 10, total: 15, reserved: 2 });
    let admitted = 0;
    for (let source = 0; source < 100; source += 1) admitted += fill(counts, `s${source}`, true, 3);
    expect(admitted).toBe(10);
    expect(fill(counts, 'this machine', false, 3)).toBe(3);
  });

  it('frees a place when a connection closes, once', () => {
    const counts = new ConnectionCounts({ perSource: 1, fromNetwork: 1, total: 1, reserved: 0 });
    const release = counts.admit('a', true);
    expect(counts.admit('a', true)).toBeNull();
    release?.();
    release?.();
    expect(counts.total).toBe(0);
    expect(counts.admit('a', true)).not.toBeNull();
  });
});
