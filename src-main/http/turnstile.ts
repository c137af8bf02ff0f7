/**
 * So long requests are begun before everybody else has a turn: a fraction of what a picture of a stream lasts, and so little
 * because node takes in one new connection in each turn, no more.
 */
const TURN_MS = 1;

/**
 * Begins requests one after the other, for a millisecond in each turn of the event loop; the others wait. Without it
 * hundreds of connections that ask at the same moment would be answered before the next picture of any stream leaves, and
 * before anybody new is let in.
 * Those that wait are taken from each lane in turn, so that whoever comes on a lane of its own waits for none of a crowd on
 * another.
 */
export class Turnstile {
  readonly #lanes = new Map<string, (() => void)[]>();
  #turnBeganMs: number | null = null;
  #isOpen = false;

  /** Calls `begin`: at once if nobody waits and there is time in this turn, else when it is its turn. */
  pass(lane: string, begin: () => void): void {
    const waiting = this.#lanes.get(lane);
    if (waiting) waiting.push(begin);
    else this.#lanes.set(lane, [begin]);
    if (!this.#isOpen) this.#advance();
  }

  readonly #advance = (): void => {
    this.#isOpen = true;
    this.#turnBeganMs ??= this.#beginTurn();
    // What is left over waits for the next turn, which comes by itself.
    if (performance.now() - this.#turnBeganMs >= TURN_MS) return;
    const next = this.#takeNext();
    if (!next) {
      this.#isOpen = false;
      return;
    }
    next();
    // A request is begun when all that its first step has led to is done, as far as that waits for nobody.
    queueMicrotask(() => process.nextTick(this.#advance));
  };

  #beginTurn(): number {
    setImmediate(() => {
      this.#turnBeganMs = null;
      if (this.#lanes.size > 0) this.#advance();
      else this.#isOpen = false;
    });
    return performance.now();
  }

  #takeNext(): (() => void) | undefined {
    const [first] = this.#lanes;
    if (!first) return undefined;
    const [lane, waiting] = first;
    const next = waiting.shift();
    // To the end of the line.
    this.#lanes.delete(lane);
    if (waiting.length > 0) this.#lanes.set(lane, waiting);
    return next;
  }
}
