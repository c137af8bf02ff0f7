interface Sample {
  /** What to add to our clock to get the agent's. */
  readonly offsetMs: number;
  readonly roundTripMs: number;
  readonly atMs: number;
}

/** Clocks drift apart: what was found out so long ago gives way even to a worse measurement. */
const GOOD_FOR_MS = 5 * 60_000;

/**
 * How far the agent's clock is from ours, which are those of two machines: what it said its time was, in the middle
 * of the request that asked (Cristian's algorithm). Wrong by half of the round trip at most.
 */
export class AgentTime {
  #best: Sample | null = null;

  /** Takes note that the agent said `agentMs` to a request of ours; all three in milliseconds since the epoch. */
  note(sentAtMs: number, receivedAtMs: number, agentMs: number): void {
    const roundTripMs = Math.max(0, receivedAtMs - sentAtMs);
    const isBetter =
      !this.#best || roundTripMs <= this.#best.roundTripMs || receivedAtMs - this.#best.atMs > GOOD_FOR_MS;
    if (!isBetter) return;
    this.#best = { offsetMs: agentMs - (sentAtMs + receivedAtMs) / 2, roundTripMs, atMs: receivedAtMs };
  }

  /** How long ago, at `nowMs` by our clock, something was that the agent says was at `agentMs`; null if unknown. */
  ageOf(agentMs: number, nowMs: number): number | null {
    return this.#best && Math.max(0, nowMs + this.#best.offsetMs - agentMs);
  }

  /** By how much an age may be wrong; null if nothing is known. */
  get errorMs(): number | null {
    return this.#best && this.#best.roundTripMs / 2;
  }
}
