import type { Notice, Notifier } from '../../src-main/events/notification-port.ts';

/** A notifier that keeps what a person would see now, and all that was ever shown or taken back. */
export class FakeNotifier implements Notifier {
  readonly shown: Notice[] = [];
  readonly withdrawn: string[] = [];
  readonly #visible = new Map<string, Notice>();
  closed = false;

  /** What can be seen now, by tag. */
  get visible(): Notice[] {
    return [...this.#visible.values()];
  }

  show(notice: Notice): void {
    this.shown.push(notice);
    this.#visible.set(notice.tag, notice);
  }

  withdraw(tag: string): void {
    this.withdrawn.push(tag);
    this.#visible.delete(tag);
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
