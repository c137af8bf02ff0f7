import { BlockList, isIP } from 'node:net';

/** A proxy that is to be gone through cannot be: the message is a sentence's part without the proxy's address. */
export class ProxyFault extends Error {
  override readonly name = 'ProxyFault';
}

/** What the environment says of an address: the proxy to go through, that there is none to go through, or nothing. */
export type ProxyWord = URL | 'direct' | null;

const PROXY_SCHEMES: ReadonlySet<string> = new Set([
  'http:',
  'https:',
  'socks:',
  'socks4:',
  'socks4a:',
  'socks5:',
  'socks5h:',
]);

/**
 * What the variables that curl and most programs heed say of `target`: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and
 * `NO_PROXY`, each in lower case too, which wins. This machine itself is never reached through a proxy. Throws
 * {@link ProxyFault} if what is set is no proxy, rather than going around it.
 */
export function readProxyVariables(target: URL, env: NodeJS.ProcessEnv): ProxyWord {
  if (isThisMachine(target.hostname)) return 'direct';
  const ofScheme = target.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  if (isExempt(target, variable(env, 'no_proxy') ?? '')) return 'direct';
  const given = variable(env, ofScheme) ?? variable(env, 'all_proxy');
  return given === undefined ? null : readProxyAddress(given);
}

/**
 * What a system's own settings say of an address, in the form in which browsers and their scripts write it:
 * `PROXY host:port; DIRECT`. Null if it is to be reached directly. Throws {@link ProxyFault} for a kind that is not
 * known. Of several the first is taken.
 */
export function readProxyList(text: string): URL | null {
  const [kind = '', address = ''] = (text.split(';')[0] ?? '').trim().split(/\s+/);
  const schemes: Readonly<Record<string, string>> = {
    PROXY: 'http',
    HTTP: 'http',
    HTTPS: 'https',
    SOCKS: 'socks4a',
    SOCKS4: 'socks4a',
    SOCKS5: 'socks5h',
  };
  const name = kind.toUpperCase();
  if (name === '' || name === 'DIRECT') return null;
  const scheme = schemes[name];
  if (scheme === undefined) throw new ProxyFault('the system wants it reached in a way that is not known');
  return readProxyAddress(`${scheme}://${address}`);
}

function readProxyAddress(given: string): URL {
  const text = /^[a-z][\w+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  if (!URL.canParse(text)) throw new ProxyFault('the address of the proxy is no address');
  const url = new URL(text);
  if (!PROXY_SCHEMES.has(url.protocol) || url.hostname === '')
    throw new ProxyFault('the address of the proxy is none of a kind that is known');
  return url;
}

/** Empty is as good as not set. */
function variable(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return [env[name], env[name.toUpperCase()]].map((value) => value?.trim()).find((value) => value);
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

function isThisMachine(hostname: string): boolean {
  const host = bareHost(hostname);
  return host === 'localhost' || host.endsWith('.localhost') || isWithin(LOOPBACK, host);
}

function isExempt(target: URL, list: string): boolean {
  const host = bareHost(target.hostname);
  const port = target.port || (target.protocol === 'https:' ? '443' : '80');
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => covers(entry.toLowerCase(), host, port));
}

/** Whether an entry, `*`, a name with all below it, an address or a range of them, with a port or without, covers a host. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const { name, wantedPort } = splitPort(entry);
  if (wantedPort !== null && wantedPort !== port) return false;
  const [address = '', bits] = name.split('/');
  if (isIP(address) !== 0) {
    if (isIP(host) === 0) return false;
    const range = new BlockList();
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    const length = bits === undefined ? most : Number(bits);
    if (!Number.isInteger(length) || length < 0 || length > most) return false;
    range.addSubnet(address, length, family);
    return isWithin(range, host);
  }
  const domain = name.replace(/^\*?\./, '');
  return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
}

/** An IPv6 address has a port only behind brackets. */
function splitPort(entry: string): { name: string; wantedPort: string | null } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry);
  if (bracketed) return { name: bracketed[1] ?? '', wantedPort: bracketed[2] ?? null };
  const named = /^([^:]*):(\d+)$/.exec(entry);
  return named ? { name: named[1] ?? '', wantedPort: named[2] ?? null } : { name: entry, wantedPort: null };
}

function isWithin(range: BlockList, host: string): boolean {
  const version = isIP(host);
  return version !== 0 && range.check(host, version === 6 ? 'ipv6' : 'ipv4');
}

function bareHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
