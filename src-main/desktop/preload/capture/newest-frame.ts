/** When a frame is to be taken, as {@link NewestFrame} asks before each. */
export interface FramePace {
  /** Whether another frame has a place to go. */
  hasRoom(): boolean;
  /** How much later than the last one the next may be taken, in milliseconds. */
  intervalMs(): number;
}

/**
 * The newest frame of a capture that sends one only when its picture changed, as captures through a portal do. Whoever
 * let such a frame go because it was too soon for it would show the picture before it for as long as the screen stands
 * still: so it is kept here until its time has come, or a newer one.
 */
export class NewestFrame {
  readonly #reader: ReadableStreamDefaultReader<VideoFrame>;
  readonly #pace: FramePace;
  #newest: VideoFrame | null = null;
  #takenAtMs = Number.NEGATIVE_INFINITY;
  #end: { readonly error: unknown } | 'ended' | null = null;
  #wake: () => void = () => undefined;

  /** Reads until the capture ends or {@link close} is called. */
  constructor(reader: ReadableStreamDefaultReader<VideoFrame>, pace: FramePace) {
    this.#reader = reader;
    this.#pace = pace;
    void this.#read();
  }

  /** The next frame, which belongs to the caller; null at the end. Rejects if the capture fails. One call at a time. */
  async next(): Promise<VideoFrame | null> {
    for (;;) {
      if (this.#end === 'ended') return null;
      if (this.#end) throw this.#end.error;
      const dueInMs = this.#dueInMs();
      if (this.#newest && dueInMs <= 0) {
        const frame = this.#newest;
        this.#newest = null;
        this.#takenAtMs = performance.now();
        return frame;
      }
      await this.#change(dueInMs);
    }
  }

  /** Takes note that the pace may be another. */
  onPace(): void {
    this.#wake();
  }

  /** Lets go of everything; `next` answers null from now on. */
  close(): void {
    this.#finish('ended');
    void this.#reader.cancel().catch(() => undefined);
  }

  async #read(): Promise<void> {
    try {
      for (;;) {
        const { done, value } = await this.#reader.read();
        if (this.#end) value?.close();
        if (done) this.#finish('ended');
        if (done || this.#end) return;
        this.#newest?.close();
        this.#newest = value;
        this.#wake();
      }
    } catch (error) {
      this.#finish({ error });
    }
  }

  /** Infinite where the time of a frame does not come by itself. */
  #dueInMs(): number {
    if (!this.#newest || !this.#pace.hasRoom()) return Number.POSITIVE_INFINITY;
    return this.#takenAtMs + this.#pace.intervalMs() - performance.now();
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = Number.isFinite(withinMs) ? setTimeout(() => this.#wake(), withinMs) : undefined;
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #finish(end: { readonly error: unknown } | 'ended'): void {
    this.#end ??= end;
    this.#newest?.close();
    this.#newest = null;
    this.#wake();
  }
}
