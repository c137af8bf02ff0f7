import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';

/** Reads a file of the operating system; throws if there is none. */
export type ReadTable = (file: string) => string;

/** Connections and what is held back for each, as one look found them. */
interface Look {
  readonly atMs: number;
  readonly heldBytes: ReadonlyMap<string, number>;
}

/**
 * How much the operating system holds back for each connection: bytes that were written and that the other side has
 * not yet said to have. Node tells of nothing behind its own buffers, yet the system's grow to megabytes: over a slow
 * link, a picture that waits there for seconds. Linux only. A look takes up to 15 ms, because the kernel walks a
 * table that is as large as the machine, however few connections there are: to be used for slow viewers alone.
 */
export class SendQueues {
  readonly #clock: Clock;
  readonly #readTable: ReadTable;
  readonly #looks = new Map<string, Look>();

  constructor(clock: Clock, readTable: ReadTable = (file) => readFileSync(file, 'latin1')) {
    this.#clock = clock;
    this.#readTable = readTable;
  }

  /**
   * Answers a function that tells how many bytes are held back for `socket`, from a look that is at most
   * `maxAgeMs` old; null where the system does not say.
   */
  watch(socket: Pick<Socket, 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort'>): HeldBytes {
    const { localAddress, localPort, remoteAddress, remotePort } = socket;
    if (!localAddress || !localPort || !remoteAddress || !remotePort) return () => null;
    const key = `${endpoint(localAddress, localPort)} ${endpoint(remoteAddress, remotePort)}`;
    const file = localAddress.includes(':') ? '/proc/net/tcp6' : '/proc/net/tcp';
    return (maxAgeMs) => this.#look(file, maxAgeMs).heldBytes.get(key) ?? null;
  }

  #look(file: string, maxAgeMs: number): Look {
    const now = this.#clock.monotonicMs();
    const last = this.#looks.get(file);
    if (last && now - last.atMs < maxAgeMs) return last;
    const look = { atMs: now, heldBytes: new Map(this.#parse(file)) };
    this.#looks.set(file, look);
    return look;
  }

  #parse(file: string): [string, number][] {
    let table: string;
    try {
      table = this.#readTable(file);
    } catch {
      // No Linux, or no IPv6.
      return [];
    }
    // sl: local remote state tx_queue:rx_queue …
    const rows = table.matchAll(/^ *\d+: ([0-9A-F:]+) ([0-9A-F:]+) [0-9A-F]{2} ([0-9A-F]{8}):/gm);
    return Array.from(rows, ([, local, remote, held]) => [
      `${local} ${remote}`,
      Number.parseInt(held ?? '0', 16),
    ]);
  }
}

/** See {@link SendQueues.watch}. */
export type HeldBytes = (maxAgeMs: number) => number | null;

/** An address as the kernel prints it: 32-bit words in the processor's byte order, which is little-endian. */
function endpoint(address: string, port: number): string {
  const bytes = address.includes(':') ? ipv6Bytes(address) : address.split('.').map(Number);
  const words: string[] = [];
  for (let start = 0; start < bytes.length; start += 4) {
    words.push(Buffer.from(bytes.slice(start, start + 4).reverse()).toString('hex'));
  }
  return `${words.join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

function ipv6Bytes(address: string): number[] {
  const withoutZone = address.split('%')[0] ?? '';
  // The last four bytes may be written as an IPv4 address.
  const hexOnly = withoutZone.replace(
    /(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/,
    (_all, ...parts: string[]) => {
      const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
      return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
    },
  );
  const [head = '', tail] = hexOnly.split('::');
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - first.length - last.length }, () => 0);
  return [...first, ...zeros, ...last].flatMap((group) => [group >> 8, group & 0xff]);
}
