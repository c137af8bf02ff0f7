import { vi } from 'vitest';

/** Stands in for IntersectionObserver, which no DOM without a layout can offer: elements are where a test says. */
export class Intersections {
  readonly #observers = new Map<Element, IntersectionObserverCallback>();

  /** Takes the place of the global until `vi.unstubAllGlobals()`. */
  install(): void {
    const observers = this.#observers;
    vi.stubGlobal(
      'IntersectionObserver',
      class {
        readonly #callback: IntersectionObserverCallback;
        constructor(callback: IntersectionObserverCallback) {
          this.#callback = callback;
        }
        observe(element: Element): void {
          observers.set(element, this.#callback);
        }
        disconnect(): void {
          for (const [element, callback] of observers)
            if (callback === this.#callback) observers.delete(element);
        }
      },
    );
  }

  /** Tells the observers of all elements that they are now in view, or no longer are. */
  report(isInView: boolean): void {
    for (const [target, callback] of this.#observers) {
      const entry = { target, intersectionRatio: isInView ? 1 : 0 } as Partial<IntersectionObserverEntry>;
      callback([entry as IntersectionObserverEntry], {} as IntersectionObserver);
    }
  }

  /** How many elements are watched. */
  get count(): number {
    return this.#observers.size;
  }
}
