import { isIPv6 } from 'node:net';
import { isLoopback } from '../access/source-address.ts';

/** One address to listen on; an `optional` one is let go where the machine does not have it. */
export interface ListenAddress {
  readonly host: string;
  readonly optional: boolean;
}

/** Where to listen, and under which name the agent is reached from its own machine. */
export interface ListenPlan {
  readonly addresses: readonly ListenAddress[];
  readonly localHost: string;
  /** Whether other machines can reach it. */
  readonly network: boolean;
}

/**
 * Turns the settings into addresses. The machine itself can always reach the agent under a loopback address, and both
 * halves of `localhost` are taken, so that nobody else can sit on the other one.
 */
export function planListening(host: string, allowNetwork: boolean): ListenPlan {
  const isLocal = host === 'localhost' || isLoopback(host);
  const wanted = isLocal && allowNetwork ? '0.0.0.0' : host;
  switch (wanted) {
    case 'localhost':
    case '127.0.0.1':
      return {
        addresses: [required('127.0.0.1'), optional('::1')],
        localHost: '127.0.0.1',
        network: false,
      };
    case '0.0.0.0':
      return { addresses: [required('0.0.0.0'), optional('::')], localHost: '127.0.0.1', network: true };
    case '::':
      return { addresses: [required('::'), optional('0.0.0.0')], localHost: '127.0.0.1', network: true };
  }
  if (isLocal) return { addresses: [required(wanted)], localHost: inUrl(wanted), network: false };
  return {
    addresses: [required('127.0.0.1'), optional('::1'), required(wanted)],
    localHost: '127.0.0.1',
    network: true,
  };
}

const required = (host: string): ListenAddress => ({ host, optional: false });
const optional = (host: string): ListenAddress => ({ host, optional: true });

/** A host as it stands in a URL. */
export function inUrl(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
