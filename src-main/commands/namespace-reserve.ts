import { type NamespacePlan, openProcessNamespace, type ProcessNamespace } from './process-namespace.ts';
import type { ProcessStarter } from './process-starter.ts';

/** So long a namespace waits for a next command: who runs one after the other hardly pauses for longer. */
const KEPT_MS = 5 * 60_000;

/**
 * Has a namespace ready for the next command, because making one takes longer than most programs run. It is made when a
 * command has ended, so that an agent that runs none keeps none; nothing has run in it before it is taken.
 */
export class NamespaceReserve {
  readonly #plan: NamespacePlan;
  readonly #starter: ProcessStarter;
  #ready: Promise<ProcessNamespace | null> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(plan: NamespacePlan, starter: ProcessStarter) {
    this.#plan = plan;
    this.#starter = starter;
  }

  /** The one that is ready, if it still hides all that it has to, or else a new one. Rejects as making one does. */
  async take(): Promise<ProcessNamespace> {
    const ready = await this.#letGo();
    if (ready?.keeps(this.#plan)) return ready;
    void ready?.end();
    return openProcessNamespace(this.#plan, this.#starter);
  }

  /** Makes one unless one is ready, which waits for a command from now on. */
  refill(): void {
    if (this.#isClosed) return;
    // Whoever asks for it next has one made, and is told why that fails.
    this.#ready ??= openProcessNamespace(this.#plan, this.#starter).catch(() => null);
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#drop(), KEPT_MS).unref();
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  #drop(): void {
    void this.#letGo().then((ready) => ready?.end());
  }

  #letGo(): Promise<ProcessNamespace | null> {
    const ready = this.#ready;
    this.#ready = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    return ready ?? Promise.resolve(null);
  }
}
