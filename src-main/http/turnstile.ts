import type { Lane } from '../access/connections.ts';

/**
 * So long requests are begun before everybody else has a turn: a fraction of what a picture of a stream lasts, and so little
 * because node takes in one new connection in each turn, no more.
 */
const TURN_MS = 1;

/**
 * Of the main thread's time, so much is for requests of others than the person, and so much of it can be saved up: enough
 * for the pages of several remote panels at once. What a request leads to later costs two or three times as much as to
 * begin it, and streams need the rest.
 */
const OTHERS_SHARE = 0.1;
const OTHERS_SAVINGS_MS = 200;

/** Those of one lane that wait, the first who came first. */
interface Queue {
  readonly lane: Lane;
  readonly waiting: (() => void)[];
}

/**
 * Begins requests one after the other, for a millisecond in each turn of the event loop; the others wait. Without it
 * hundreds of connections that ask at the same moment would be answered before the next picture of any stream leaves, and
 * before anybody new is let in.
 * Those that wait are taken from each lane in turn, so that whoever comes on a lane of its own waits for none of a crowd on
 * another. All lanes but the person's have a tenth of the time together: whoever asks as fast as it goes is answered as
 * fast as that goes, and neither streams nor other programs of the machine go without a processor for it.
 */
export class Turnstile {
  readonly #queues = new Map<string, Queue>();
  readonly #now: () => number;
  #turnBeganMs: number | null = null;
  #isOpen = false;
  /** What others have left of their time, as of then; below nothing when the last one took longer. */
  #othersHaveMs = OTHERS_SAVINGS_MS;
  #reckonedAtMs: number;
  #wakesForOthers = false;

  /** `now` is a clock in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#reckonedAtMs = now();
  }

  /** Calls `begin`: at once if nobody waits and there is time in this turn, else when it is its turn. */
  pass(lane: Lane, begin: () => void): void {
    const queue = this.#queues.get(lane.name);
    if (queue) queue.waiting.push(begin);
    else this.#queues.set(lane.name, { lane, waiting: [begin] });
    if (!this.#isOpen) this.#advance();
  }

  #advance(): void {
    this.#isOpen = true;
    const beganMs = this.#now();
    // What is left over waits for the next turn, which comes by itself.
    if (this.#turnBeganMs !== null && beganMs - this.#turnBeganMs >= TURN_MS) return;
    const next = this.#takeNext();
    if (!next) {
      this.#isOpen = false;
      return;
    }
    this.#turnBeganMs ??= this.#beginTurn();
    next.begin();
    // A request is begun when all that its first step has led to is done, as far as that waits for nobody.
    queueMicrotask(() =>
      process.nextTick(() => {
        if (!next.isPersons) this.#othersHaveMs -= this.#now() - beganMs;
        this.#advance();
      }),
    );
  }

  #beginTurn(): number {
    setImmediate(() => {
      this.#turnBeganMs = null;
      if (this.#isOpen) this.#advance();
    });
    return this.#now();
  }

  #takeNext(): { begin: () => void; isPersons: boolean } | null {
    const mayOthers = this.#mayOthersBegin();
    for (const [name, queue] of this.#queues) {
      const { isPersons } = queue.lane;
      if (!isPersons && !mayOthers) continue;
      const begin = queue.waiting.shift();
      // To the end of the line.
      this.#queues.delete(name);
      if (queue.waiting.length > 0) this.#queues.set(name, queue);
      if (begin) return { begin, isPersons };
    }
    if (this.#queues.size > 0) this.#wakeForOthers();
    return null;
  }

  #mayOthersBegin(): boolean {
    const nowMs = this.#now();
    const earnedMs = (nowMs - this.#reckonedAtMs) * OTHERS_SHARE;
    this.#othersHaveMs = Math.min(OTHERS_SAVINGS_MS, this.#othersHaveMs + earnedMs);
    this.#reckonedAtMs = nowMs;
    return this.#othersHaveMs > 0;
  }

  /** Goes on when others have time again. */
  #wakeForOthers(): void {
    if (this.#wakesForOthers) return;
    this.#wakesForOthers = true;
    setTimeout(
      () => {
        this.#wakesForOthers = false;
        if (!this.#isOpen) this.#advance();
      },
      Math.ceil(-this.#othersHaveMs / OTHERS_SHARE) + 1,
    );
  }
}
