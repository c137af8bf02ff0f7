import { isIP, isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** An IP address in its plainest form: IPv4 that IPv6 carries as IPv4, no zone, lower case. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return (mapped ?? address.split('%', 1)[0] ?? '').toLowerCase();
}

/** Whether an IP address is one of this machine's loopback addresses. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  return (isIP(plain) === 4 && plain.startsWith('127.')) || plain === '::1';
}

/** The eight 16-bit groups of an IPv6 address without a zone, in hexadecimal. */
export function groupsOf(address: string): string[] {
  // The URL parser compresses in one way only (RFC 5952), and writes an embedded IPv4 address as two groups.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const split = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [left, right] = [split(head), split(tail ?? '')];
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(zeros).fill('0'), ...right];
}

/** The bytes of a plain IP address in network order: 4, or 16 of IPv6. */
export function bytesOfAddress(address: string): number[] {
  if (isIPv4(address)) return address.split('.').map(Number);
  return groupsOf(address).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

/**
 * Who a remote address stands for: an IPv4 address itself, an IPv6 address its /64, which is what one household or
 * machine is given.
 */
export function networkSource(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain)) return plain;
  return `${groupsOf(plain).slice(0, 4).join(':')}::/64`;
}

/** The addresses of this machine's network interfaces, loopback ones included. */
export function listInterfaceAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => plainAddress(address)),
  );
}

/** Whether an IP address is this machine's own, so that whoever calls from it is a program of this machine. */
export function isOwnAddress(address: string): boolean {
  return isLoopback(address) || listInterfaceAddresses().includes(plainAddress(address));
}
