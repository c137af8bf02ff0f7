/** Reads something that is dear to read, one reading at a time, each for everybody who was waiting when it began. */
export class SharedReading<T> {
  readonly #read: () => Promise<T>;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<T> | null = null;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** What there is now or later: a reading that has begun may be older than what it is asked about. */
  read(): Promise<T> {
    this.#next ??= this.#start();
    return this.#next;
  }

  async #start(): Promise<T> {
    await this.#running;
    this.#next = null;
    const reading = this.#read();
    this.#running = reading.then(
      () => undefined,
      () => undefined,
    );
    return reading;
  }
}
