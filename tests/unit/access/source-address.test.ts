import { describe, expect, it } from 'vitest';
import { isLoopback, networkSource, plainAddress } from '../../../src-main/access/source-address.ts';

describe('networkSource', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::FFFF', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::2', '0:0:0:0::/64'],
  ])('counts %s as %s', (address, source) => {
    expect(networkSource(address)).toBe(source);
  });

  it('tells neighbouring networks apart', () => {
    expect(networkSource('2001:db8:1:2::1')).not.toBe(networkSource('2001:db8:1:3::1'));
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.255.0.3', '::1', '::ffff:127.0.0.1'])('knows %s', (address) => {
    expect(isLoopback(address)).toBe(true);
  });

  it.each(['', '128.0.0.1', '192.0.2.1', '::', '::2', '127.evil.example', '::ffff:192.0.2.1', 'fe80::1'])(
    'knows that %j is none',
    (address) => {
      expect(isLoopback(address)).toBe(false);
    },
  );
});

describe('plainAddress', () => {
  it('leaves out what two spellings of an address differ in', () => {
    expect(plainAddress('::FFFF:192.0.2.7')).toBe('192.0.2.7');
    expect(plainAddress('FE80::A%eth0')).toBe('fe80::a');
  });
});
