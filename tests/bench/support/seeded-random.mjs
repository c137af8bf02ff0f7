// @ts-check

/** Random numbers that are the same for the same seed (the generator known as mulberry32). */
export class SeededRandom {
  #state;

  /**
   * @param {number} seed
   */
  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** @returns {number} From 0 up to, but not, 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /**
   * @param {number} from
   * @param {number} to
   * @returns {number}
   */
  between(from, to) {
    return from + (to - from) * this.next();
  }

  /**
   * @template T
   * @param {readonly T[]} choices At least one.
   * @returns {T}
   */
  pick(choices) {
    return /** @type {T} */ (choices[Math.floor(this.next() * choices.length)]);
  }
}
