import { Writable } from 'node:stream';

/** A viewer's connection that takes bytes only while it is open, and remembers all that it took. */
export class GatedOutput extends Writable {
  readonly #taken: Buffer[] = [];
  #blocked: (() => void) | null = null;
  isOpen = true;
  /** System calls that a socket would have made. */
  writes = 0;

  /** The pieces as they were handed over, whose memory is still the writer's. */
  get pieces(): readonly Buffer[] {
    return this.#taken;
  }

  /** Everything taken so far. */
  get taken(): Buffer {
    return Buffer.concat(this.#taken);
  }

  /** Takes what waits, and from now on everything, or stops taking. */
  setOpen(isOpen: boolean): void {
    this.isOpen = isOpen;
    if (!isOpen) return;
    const proceed = this.#blocked;
    this.#blocked = null;
    proceed?.();
  }

  /** Takes what waits now, and then nothing more. */
  takeOnce(): void {
    const proceed = this.#blocked;
    this.#blocked = null;
    proceed?.();
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.writes += 1;
    const proceed = (): void => {
      for (const { chunk } of chunks) this.#taken.push(chunk);
      callback();
    };
    if (this.isOpen) proceed();
    else this.#blocked = proceed;
  }
}

/** Lets everything that was scheduled for this turn of the event loop happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
