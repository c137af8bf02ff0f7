import type { AgentEvent, CommandOutput } from '#shared/events';

/** Hears of every event, in the order of their numbers, and of changes that are no event. */
export interface EventListener {
  onEvent?(event: AgentEvent): void;
  /** Hears what commands write, as it is written; nothing of it is kept. */
  onOutput?(output: CommandOutput['data']): void;
  /** Something that snapshots show has changed, with or without an event. */
  onChange?(): void;
}

/**
 * Hands each event to everything that tells people of it: sockets, notifications, log. One listener's failure
 * reaches neither the others nor the publisher; it goes to `onListenerError`.
 */
export class EventBus {
  readonly #listeners = new Set<EventListener>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  /** Tells all listeners of `event`, which must already be on disk, and that something has changed. */
  publish(event: AgentEvent): void {
    this.#each((listener) => {
      listener.onEvent?.(event);
      listener.onChange?.();
    });
  }

  /** Tells all listeners of a piece of output. */
  publishOutput(output: CommandOutput['data']): void {
    this.#each((listener) => listener.onOutput?.(output));
  }

  /** Tells all listeners that the live state has changed without an event. */
  announceChange(): void {
    this.#each((listener) => listener.onChange?.());
  }

  /** Adds a listener until the returned function is called. */
  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #each(call: (listener: EventListener) => void): void {
    for (const listener of [...this.#listeners]) {
      try {
        call(listener);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}
