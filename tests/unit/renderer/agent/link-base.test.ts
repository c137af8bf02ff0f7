import { describe, expect, it } from 'vitest';
import { isOpenedOutside, linkBase } from '../../../../src-renderer/agent/link-base.ts';

const INSIDE = { network: false, urls: ['http://127.0.0.1:8000'], tls_fingerprint: null };
const OUTSIDE = { ...INSIDE, network: true, urls: ['http://127.0.0.1:8000', 'http://192.0.2.7:8000'] };

const pageAt = (origin: string) => ({ origin, hostname: new URL(origin).hostname });

describe('linkBase', () => {
  it.each([
    ['http://localhost:8000', OUTSIDE, 'http://192.0.2.7:8000'],
    ['http://localhost:8000', INSIDE, 'http://localhost:8000'],
    // Through a tunnel.
    ['http://localhost:9000', INSIDE, 'http://localhost:9000'],
    ['http://[::1]:9000', INSIDE, 'http://[::1]:9000'],
    // Through a proxy, whatever the agent knows of itself.
    ['https://share.example:8443', INSIDE, 'https://share.example:8443'],
    ['https://share.example', OUTSIDE, 'https://share.example'],
    ['https://share.example', undefined, 'https://share.example'],
  ])('of a page at %s', (origin, reach, base) => {
    expect(linkBase(pageAt(origin), reach)).toBe(base);
  });
});

describe('isOpenedOutside', () => {
  it('is false of loopback alone', () => {
    expect(
      ['http://localhost:1', 'http://127.0.0.1', 'http://[::1]'].map(pageAt).map(isOpenedOutside),
    ).toEqual([false, false, false]);
    expect(isOpenedOutside(pageAt('https://localhost.example'))).toBe(true);
  });
});
