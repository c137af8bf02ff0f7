import { isIPv4, isIPv6 } from 'node:net';
import { PortholeError } from '#shared/errors';
import { plainAddress } from './source-address.ts';

/** What the names of this machine depend on. */
export interface HostRulesOptions {
  /** Whether the agent is to be reached from the network. */
  readonly network: boolean;
  /** Further names: with a port where that is the browser's, without one for whatever port it is reached at. */
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

/** What is said of where the page behind a request is from. */
export interface PageOrigin {
  /** The Origin header. */
  readonly origin: string;
  /** The Host header that came with it, which must be our own. */
  readonly host: string;
  /** Whether the browser itself says that page and request have the same origin, which no page can make it say. */
  readonly isSaidToBeSame: boolean;
}

interface Authority {
  /** Lower case, without brackets. */
  readonly name: string;
  readonly port: number | null;
}

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/**
 * Knows the names under which this agent answers. Everything else in a Host header is a page that has had its own name
 * resolved to our address (https://en.wikipedia.org/wiki/DNS_rebinding), or a mistake. It is the name that tells: the
 * port is whatever a tunnel or a proxy in front of us listens at. Only spellings that clients produce are taken: no
 * trailing dot, no numbers in other bases, no IPv6 written at length.
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
    if (LOOPBACK_NAME.test(authority.name) || this.#entriesFor(authority).length > 0) return true;
    const port = authority.port ?? defaultPort(endpoint.encrypted);
    return port === endpoint.port && this.#isNetworkName(authority.name);
  }

  /** Whether the page behind a request is one that we serve. */
  isOwnOrigin({ origin, host, isSaidToBeSame }: PageOrigin, { encrypted }: Endpoint): boolean {
    const page = parseOrigin(origin);
    const called = parseAuthority(host);
    if (!page || !called || page.name !== called.name) return false;
    const entries = this.#entriesFor(called);
    const isCalled = page.port === (called.port ?? page.defaultPort);
    if (entries.length === 0) return isCalled && page.scheme === (encrypted ? 'https' : 'http');
    // A proxy in front of us may speak TLS where we do not, listen at another port, and leave that out of Host.
    return entries.some(({ port }) =>
      port === null ? isCalled || isSaidToBeSame : page.port === port && (isCalled || called.port === null),
    );
  }

  /**
   * What to tell somebody who is refused because of a Host or Origin header whose name is ours, but not at its port;
   * null for all others.
   */
  explainRefusal(header: string): string | null {
    const { name, port } = parseOrigin(header) ?? parseAuthority(header) ?? {};
    if (name === undefined || !this.#allowed.some((allowed) => allowed.name === name)) return null;
    return `The agent answers to "${name}", but not at this port: put "${name}:${port}" into its allowedHosts.`;
  }

  /** The entries of the setting under which `called` can be meant: a Host without a port may have had any. */
  #entriesFor({ name, port }: Authority): readonly Authority[] {
    return this.#allowed.filter(
      (allowed) => allowed.name === name && (allowed.port === null || port === null || allowed.port === port),
    );
  }

  #isNetworkName(name: string): boolean {
    const { network, hostName, interfaceAddresses } = this.#options;
    if (!network) return false;
    const own = hostName.toLowerCase();
    return name === own || name === `${own}.local` || interfaceAddresses().map(plainAddress).includes(name);
  }
}

function defaultPort(encrypted: boolean): number {
  return encrypted ? 443 : 80;
}

function parseOrigin(origin: string) {
  const [, scheme, text] = /^(https?):\/\/([^/]*)$/.exec(origin) ?? [];
  const authority = parseAuthority(text ?? '');
  if (!authority) return null;
  const usual = defaultPort(scheme === 'https');
  return { scheme, name: authority.name, port: authority.port ?? usual, defaultPort: usual };
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
