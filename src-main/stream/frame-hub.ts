import type { CapturedFrame } from './screen-source.ts';

/** One picture of a stream, ready to be sent: a frame of the screen, or a slate that stands in for it. */
export interface StreamFrame extends CapturedFrame {
  readonly kind: 'screen' | 'slate';
  /** Rises by one with each picture of this stream; a repeat of a picture has its number. */
  readonly sequence: number;
}

/** Takes each new picture of a hub; must return soon and must not throw. */
export type FrameListener = (frame: StreamFrame) => void;

/**
 * The one place that a stream's pictures pass through: keeps the newest for whoever comes next, numbers them,
 * and hands each on at once. It never queues; what a listener cannot take it has to skip.
 */
export class FrameHub {
  readonly #listeners = new Set<FrameListener>();
  #newest: StreamFrame | null = null;
  #sequence = 0;

  /** The picture that the stream shows now, or null before the first. */
  get newest(): StreamFrame | null {
    return this.#newest;
  }

  /**
   * Publishes one picture to all listeners. `frame.jpeg` is one complete JPEG, never written to again. A picture
   * whose bytes are those of the newest is dropped, and the answer is false.
   */
  publish(kind: StreamFrame['kind'], frame: CapturedFrame): boolean {
    if (this.#newest?.kind === kind && this.#newest.jpeg.equals(frame.jpeg)) return false;
    this.#sequence += 1;
    const published: StreamFrame = { ...frame, kind, sequence: this.#sequence };
    this.#newest = published;
    for (const listener of this.#listeners) listener(published);
    return true;
  }

  /** Takes note that the screen still looked like its newest picture at `capturedAtMs`: whoever comes next is told so. */
  confirm(capturedAtMs: number): void {
    if (this.#newest?.kind === 'screen') this.#newest = { ...this.#newest, capturedAtMs };
  }

  /**
   * Calls `listener` with the newest picture, if there is one, and then with each new one. The returned function
   * ends that; it may be called again, and from within the listener.
   */
  subscribe(listener: FrameListener): () => void {
    this.#listeners.add(listener);
    if (this.#newest) listener(this.#newest);
    return () => this.#listeners.delete(listener);
  }
}
