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
  it.each([
    'localhost:8000',
    'LocalHost:8000',
    '127.0.0.1:8000',
    '127.9.9.9:8000',
    '[::1]:8000',
    // At the other end of a tunnel, which may listen anywhere.
    'localhost:9000',
    'localhost',
    '127.0.0.1:1',
    '[::1]',
  ])('takes the loopback name %s', (host) => {
    expect(rules().isOwn(host, HTTP)).toBe(true);
    expect(rules().isOwn(host, HTTPS)).toBe(true);
  });

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
    'localhost:',
    'localhost:08000x',
    'localhost:800000',
    'desk:8001',
    '192.0.2.7:800',
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

  it('takes a name of the network without port at the port that the scheme means', () => {
    const own = rules({ network: true });
    expect(own.isOwn('desk', { port: 80, encrypted: false })).toBe(true);
    expect(own.isOwn('desk', { port: 443, encrypted: true })).toBe(true);
    expect(own.isOwn('desk', { port: 443, encrypted: false })).toBe(false);
  });

  it('takes further names at any port, or at the one that they name, which a proxy may leave out', () => {
    const allowed = rules({ allowedHosts: ['share.example', 'other.example:9000'] });
    for (const host of [
      'share.example',
      'Share.Example',
      'share.example:8000',
      'share.example:8443',
      'other.example:9000',
      'other.example',
    ])
      expect(allowed.isOwn(host, HTTP), host).toBe(true);
    for (const host of ['other.example:8000', 'a.share.example', 'share.example.', 'share.example:'])
      expect(allowed.isOwn(host, HTTP), host).toBe(false);
  });

  it('says which entry is missing where only the port is another', () => {
    const allowed = rules({ allowedHosts: ['share.example', 'other.example:9000'] });
    expect(allowed.explainRefusal('https://share.example:8443')).toContain('"share.example:8443"');
    expect(allowed.explainRefusal('https://share.example')).toContain('"share.example:443"');
    expect(allowed.explainRefusal('other.example:8000')).toContain('"other.example:8000"');
    for (const header of ['', 'null', 'evil.example:8000', 'https://evil.example', 'localhost:1'])
      expect(allowed.explainRefusal(header), header).toBeNull();
  });

  describe('knows its own origin', () => {
    const own = rules({ allowedHosts: ['share.example', 'other.example:9000', 'usual.example:443'] });
    const isOwn = (origin: string, host: string, endpoint = HTTP, isSaidToBeSame = false): boolean =>
      own.isOwnOrigin({ origin, host, isSaidToBeSame }, endpoint);

    it.each([
      ['http://localhost:8000', 'localhost:8000'],
      ['http://LOCALHOST:8000', 'localhost:8000'],
      ['http://localhost:9000', 'localhost:9000'],
      ['http://localhost', 'localhost'],
      ['http://localhost', 'localhost:80'],
      ['http://[::1]:9000', '[::1]:9000'],
      // A proxy in front may speak TLS, listen elsewhere, and leave its port out.
      ['https://share.example', 'share.example'],
      ['https://share.example', 'share.example:443'],
      ['https://share.example:8443', 'share.example:8443'],
      ['https://other.example:9000', 'other.example:9000'],
      ['https://other.example:9000', 'other.example'],
      ['https://usual.example', 'usual.example'],
    ])('%s, called as %s', (origin, host) => {
      expect(isOwn(origin, host)).toBe(true);
    });

    it('by HTTPS where that is what it speaks', () => {
      expect(isOwn('https://localhost:8443', 'localhost:8443', HTTPS)).toBe(true);
      expect(isOwn('http://localhost:8443', 'localhost:8443', HTTPS)).toBe(false);
    });

    it.each([
      ['https://localhost:8000', 'localhost:8000'],
      ['http://127.0.0.1:8000', 'localhost:8000'],
      ['http://localhost:3000', 'localhost:8000'],
      ['http://localhost:8000', 'localhost:9000'],
      ['http://localhost', 'localhost:8000'],
      ['http://localhost:8000', 'localhost'],
      ['http://localhost:8000/', 'localhost:8000'],
      ['http://localhost:8000.evil.example', 'localhost:8000'],
      ['http://evil.example', 'localhost:8000'],
      ['http://evil.example', 'share.example'],
      // Another service on the name that only one port of is ours.
      ['http://other.example', 'other.example'],
      ['https://other.example:9001', 'other.example:9000'],
      ['null', 'localhost:8000'],
      ['', 'localhost:8000'],
      ['', ''],
      ['file://localhost:8000', 'localhost:8000'],
      ['chrome-extension://localhost:8000', 'localhost:8000'],
    ])('not %j, called as %j, whatever is said', (origin, host) => {
      expect(isOwn(origin, host)).toBe(false);
      expect(isOwn(origin, host, HTTP, true)).toBe(false);
    });

    it.each([
      ['https://share.example:8443', 'share.example'],
      ['https://share.example', 'share.example:8000'],
      ['http://share.example:8080', 'share.example:8000'],
    ])('%s, called as %s, if the browser says so', (origin, host) => {
      expect(isOwn(origin, host)).toBe(false);
      expect(isOwn(origin, host, HTTP, true)).toBe(true);
    });
  });
});
