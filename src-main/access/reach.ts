import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Reach } from '#shared/access';

/** Where the agent listens and how it shows itself. */
export interface ReachParts {
  /** Whether other machines can reach it. */
  readonly network: boolean;
  /** Its address for this machine. */
  readonly url: string;
  /** SHA-256 of its certificate as `AB:CD:…`; null without TLS. */
  readonly fingerprint: string | null;
}

/** Where the agent can be reached now, for people to pass on. */
export function describeReach({ network, url, fingerprint }: ReachParts): Reach {
  const { protocol, port } = new URL(url);
  const others = network ? listOutsideAddresses() : [];
  const hosts = others.map((address) => (isIPv6(address) ? `[${address}]` : address));
  return {
    network,
    urls: [url, ...hosts.map((host) => `${protocol}//${host}${port === '' ? '' : `:${port}`}`)],
    tls_fingerprint: fingerprint,
  };
}

/** Addresses of this machine that others can use; those of one link alone need a zone, which no URL can carry. */
function listOutsideAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address);
}
