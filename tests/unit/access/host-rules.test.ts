import { describe, expect, it } from 'vitest';
import { HostRules } from '../../../src-main/access/host-rules.ts';

const HTTP = { port: 8000, encrypted: false };
const HTTPS = { port: 8443, encrypted: true };

function rules(options: { network?: boolean; allowedHosts?: string[] } = {}): HostRules {
  return new HostRules({
    network: options.network ?? false,
    allowedHosts: options.allowedHosts ?? [],
    hostName: 'Desk',
    interfaceAddresses: () => ['127.0.0.1', '192.0.2.7', '2001:db8::7', 'fe80::1%eth0'],
  });
}

describe('HostRules', () => {
  it.each(['localhost:8000', 'LocalHost:8000', '127.0.0.1:8000', '127.9.9.9:8000', '[::1]:8000'])(
    'takes the loopback name %s',
    (host) => {
      expect(rules().isOwn(host, HTTP)).toBe(true);
    },
  );

  it.each(['192.0.2.7:8000', '[2001:db8::7]:8000', '[2001:DB8::7]:8000', 'desk:8000', 'desk.local:8000'])(
    'takes %s with the network switched on, and not without',
    (host) => {
      expect(rules({ network: true }).isOwn(host, HTTP)).toBe(true);
      expect(rules().isOwn(host, HTTP)).toBe(false);
    },
  );

  it.each([
    '',
    ':8000',
    'localhost',
    'localhost:',
    'localhost:08000x',
    'localhost:8001',
    'localhost:800',
    'localhost:80000',
    'localhost.:8000',
    'localhost..:8000',
    '.localhost:8000',
    'localhost.evil.example:8000',
    'evil.example:8000',
    'evil.localhost:8000',
    'desk.:8000',
    'desk.local.:8000',
    'desk.evil.example:8000',
    '127.0.0.1.:8000',
    '127.0.0.256:8000',
    '127.1:8000',
    '127.0.0.1.nip.io:8000',
    '2130706433:8000',
    '0x7f000001:8000',
    '0x7f.0.0.1:8000',
    '0177.0.0.1:8000',
    '0:8000',
    '0.0.0.0:8000',
    '192.0.2.8:8000',
    '192.0.2.7.:8000',
    '[::]:8000',
    '[0:0:0:0:0:0:0:1]:8000',
    '[::0001]:8000',
    '[::ffff:127.0.0.1]:8000',
    '[::ffff:7f00:1]:8000',
    '[::1%25lo]:8000',
    '[::1%lo]:8000',
    '[fe80::1%25eth0]:8000',
    '[2001:db8:0::7]:8000',
    '::1:8000',
    '[::1:8000',
    '[localhost]:8000',
    'user@localhost:8000',
    'localhost:8000@evil.example',
    'localhost:8000/x',
    'localhost:8000#x',
    'localhost:8000?x',
    'localhost\\:8000',
    'localhost:8000 ',
    ' localhost:8000',
    'localhost:8000,evil.example',
    'lоcalhost:8000',
    'localhost\u200b:8000',
    'xn--lcalhost-fbg:8000',
  ])('refuses %j in every position of the switch', (host) => {
    expect(rules().isOwn(host, HTTP)).toBe(false);
    expect(rules({ network: true }).isOwn(host, HTTP)).toBe(false);
  });

  it('takes a name without port at the port that the scheme means', () => {
    expect(rules().isOwn('localhost', { port: 80, encrypted: false })).toBe(true);
    expect(rules().isOwn('localhost', { port: 443, encrypted: true })).toBe(true);
    expect(rules().isOwn('localhost', { port: 443, encrypted: false })).toBe(false);
  });

  it('takes further names at our port, at the usual ones behind a proxy, and at the one that they name', () => {
    const allowed = rules({ allowedHosts: ['share.example', 'other.example:9000'] });
    for (const host of ['share.example', 'Share.Example', 'share.example:8000', 'other.example:9000'])
      expect(allowed.isOwn(host, HTTP), host).toBe(true);
    for (const host of ['share.example:1', 'other.example', 'other.example:8000', 'a.share.example'])
      expect(allowed.isOwn(host, HTTP), host).toBe(false);
  });

  it('knows its own origin by scheme, name and port', () => {
    const own = rules({ allowedHosts: ['share.example'] });
    expect(own.isOwnOrigin('http://localhost:8000', 'localhost:8000', HTTP)).toBe(true);
    expect(own.isOwnOrigin('https://localhost:8443', 'localhost:8443', HTTPS)).toBe(true);
    // A proxy in front may speak TLS.
    expect(own.isOwnOrigin('https://share.example', 'share.example', HTTP)).toBe(true);
    for (const [origin, host] of [
      ['https://localhost:8000', 'localhost:8000'],
      ['http://127.0.0.1:8000', 'localhost:8000'],
      ['http://localhost:3000', 'localhost:8000'],
      ['http://localhost', 'localhost:8000'],
      ['http://localhost:8000/', 'localhost:8000'],
      ['http://localhost:8000.evil.example', 'localhost:8000'],
      ['null', 'localhost:8000'],
      ['', 'localhost:8000'],
      ['file://localhost:8000', 'localhost:8000'],
      ['chrome-extension://localhost:8000', 'localhost:8000'],
    ] as const) {
      expect(own.isOwnOrigin(origin, host, HTTP), origin).toBe(false);
    }
  });
});
