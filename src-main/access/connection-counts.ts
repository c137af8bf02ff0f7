/** How many connections may be open at once. */
export interface ConnectionLimits {
  /** From one source: a remote address, or a user of this machine. */
  readonly perSource: number;
  /** From the network, all in all; what comes from this machine has the rest for itself. */
  readonly fromNetwork: number;
  readonly total: number;
  /** For the person at the machine beyond all that, whatever others have open. */
  readonly reserved: number;
}

/** Room for hundreds of viewers behind one address, within the 1024 files that many systems let a process open. */
export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = {
  perSource: 300,
  fromNetwork: 500,
  total: 900,
  reserved: 64,
};

/** Counts the open connections of each source, so that none can take what others need. */
export class ConnectionCounts {
  readonly #limits: ConnectionLimits;
  readonly #bySource = new Map<string, number>();
  #fromNetwork = 0;
  #total = 0;
  #reserved = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Open connections, all in all. */
  get total(): number {
    return this.#total + this.#reserved;
  }

  /** The limit that one more connection would break, the narrowest of them; null if there is room for it. */
  limitFor(source: string, network: boolean): 'source' | 'network' | 'total' | null {
    const { perSource, fromNetwork, total } = this.#limits;
    if ((this.#bySource.get(source) ?? 0) >= perSource) return 'source';
    if (network && this.#fromNetwork >= fromNetwork) return 'network';
    return this.#total >= total ? 'total' : null;
  }

  /**
   * Counts a connection until the returned function is called; null if that would be one too many. `network` tells
   * whether it comes from another machine.
   */
  admit(source: string, network: boolean): (() => void) | null {
    if (this.limitFor(source, network) !== null) return null;
    const count = this.#bySource.get(source) ?? 0;
    this.#bySource.set(source, count + 1);
    this.#total += 1;
    if (network) this.#fromNetwork += 1;
    return once(() => {
      const left = (this.#bySource.get(source) ?? 1) - 1;
      if (left === 0) this.#bySource.delete(source);
      else this.#bySource.set(source, left);
      this.#total -= 1;
      if (network) this.#fromNetwork -= 1;
    });
  }

  /** The same for one of the person's own, beyond all limits; null if that reserve is used up. */
  admitReserved(): (() => void) | null {
    if (this.#reserved >= this.#limits.reserved) return null;
    this.#reserved += 1;
    return once(() => {
      this.#reserved -= 1;
    });
  }
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
