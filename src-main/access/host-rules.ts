import { isIPv4, isIPv6 } from 'node:net';
import { PortholeError } from '#shared/errors';
import { plainAddress } from './source-address.ts';

/** What the names of this machine depend on. */
export interface HostRulesOptions {
  /** Whether the agent is to be reached from the network. */
  readonly network: boolean;
  /** Further names, with or without a port; for those without, the agent's own and the scheme's default hold. */
  readonly allowedHosts: readonly string[];
  /** This machine's name, without a domain. */
  readonly hostName: string;
  /** The addresses of this machine's network interfaces as of now. */
  readonly interfaceAddresses: () => readonly string[];
}

/** Where a request came in. */
export interface Endpoint {
  readonly port: number;
  readonly encrypted: boolean;
}

interface Authority {
  /** Lower case, without brackets. */
  readonly name: string;
  readonly port: number | null;
}

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/**
 * Knows the names under which this agent answers. Everything else in a Host header is a page that has had its own name
 * resolved to our address (https://en.wikipedia.org/wiki/DNS_rebinding), or a mistake. Only spellings that clients
 * produce are taken: no trailing dot, no numbers in other bases, no IPv6 written at length.
 */
export class HostRules {
  readonly #options: HostRulesOptions;
  readonly #allowed: readonly Authority[];

  constructor(options: HostRulesOptions) {
    this.#options = options;
    this.#allowed = options.allowedHosts.map(parseAllowedHost);
  }

  /** Whether a Host header names this agent. */
  isOwn(host: string, endpoint: Endpoint): boolean {
    const authority = parseAuthority(host);
    if (!authority) return false;
    if (this.#isAllowed(authority, endpoint)) return true;
    const port = authority.port ?? defaultPort(endpoint.encrypted);
    return port === endpoint.port && this.#isOwnName(authority.name);
  }

  /** Whether an Origin header is that of the pages that we serve under `host`, which must be our own. */
  isOwnOrigin(origin: string, host: string, endpoint: Endpoint): boolean {
    const [, scheme, authority] = /^(https?):\/\/([^/]*)$/.exec(origin) ?? [];
    if (authority === undefined || authority.toLowerCase() !== host.toLowerCase()) return false;
    if (scheme === (endpoint.encrypted ? 'https' : 'http')) return true;
    // A proxy in front of us may speak TLS to the browser and plain HTTP to us.
    const parsed = parseAuthority(host);
    return parsed !== null && this.#isAllowed(parsed, endpoint);
  }

  #isOwnName(name: string): boolean {
    if (LOOPBACK_NAME.test(name)) return true;
    const { network, hostName, interfaceAddresses } = this.#options;
    if (!network) return false;
    const own = hostName.toLowerCase();
    return name === own || name === `${own}.local` || interfaceAddresses().map(plainAddress).includes(name);
  }

  #isAllowed({ name, port }: Authority, endpoint: Endpoint): boolean {
    return this.#allowed.some(
      (allowed) =>
        allowed.name === name &&
        (allowed.port === null ? port === null || port === endpoint.port : port === allowed.port),
    );
  }
}

function defaultPort(encrypted: boolean): number {
  return encrypted ? 443 : 80;
}

function parseAuthority(host: string): Authority | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9](?:[a-z0-9._-]*[a-z0-9])?))(?::(\d{1,5}))?$/i.exec(host);
  if (!match) return null;
  const [, address, name = '', port] = match;
  if (address !== undefined && !(isIPv6(address) && isCanonical(address))) return null;
  // What looks like an IPv4 address but is none is one in another base to some resolvers.
  if (address === undefined && /^[\d.]+$|(^|\.)0x[0-9a-f]*$/i.test(name) && !isIPv4(name)) return null;
  return { name: (address ?? name).toLowerCase(), port: port === undefined ? null : Number(port) };
}

function isCanonical(address: string): boolean {
  return new URL(`http://[${address}]`).hostname === `[${address.toLowerCase()}]`;
}

/** Reads an entry of the setting. Throws `invalid_request` for one that no client could send. */
export function parseAllowedHost(entry: string): Authority {
  const authority = parseAuthority(entry);
  if (!authority)
    throw new PortholeError('invalid_request', `"${entry}" is not a host name with or without a port.`);
  return authority;
}
