import type { Reach } from '#shared/access';

const LOOPBACK = /^(localhost|127\..*|\[::1\])$/;

/**
 * What links for others begin with. A page that was opened under a name of the network, as through a proxy, has shown
 * that this name works; one that was opened at loopback, as by the person at the machine or through a tunnel, has not,
 * and goes by what the agent knows of its own addresses.
 */
export function linkBase(page: Pick<Location, 'hostname' | 'origin'>, reach: Reach | undefined): string {
  return isOpenedOutside(page) ? page.origin : (reach?.urls[1] ?? page.origin);
}

/** Whether a page was opened under a name that others can use too. */
export function isOpenedOutside({ hostname }: Pick<Location, 'hostname'>): boolean {
  return !LOOPBACK.test(hostname);
}
