import type { AgentEvent } from '#shared/events';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { PacedTask } from '../paced-task.ts';
import type { SettingsStore } from '../settings/settings-store.ts';
import { Turns } from '../turns.ts';

/** What of the history can be asked for and taken away; times are wall clock. Each call is a small step. */
export interface HistoryStore {
  /** How many bytes everything on record takes. */
  usedBytes(): number;
  /**
   * Removes a piece of the session that ended longest ago, and before `beforeMs`: some of its commands, and at last itself.
   * Never of one that is live or whose commands still end; one that has a recording stays, emptied. False if there is none.
   */
  removeSession(beforeMs: number): boolean;
  /** The same where there is too much: a token's that has more than its part of the history first. */
  removeGreediest(): boolean;
  /** Removes some of the events from before `beforeMs`; false if there is none. */
  removeEvents(beforeMs: number): boolean;
  /** To be called when enough was removed. */
  finish(): void;
}

/** What {@link HistoryUpkeep} works with. */
export interface HistoryUpkeepOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: Pick<SettingsStore, 'current' | 'subscribe'>;
  readonly bus: { subscribe(listener: { onEvent(event: AgentEvent): void }): () => void };
  readonly store: HistoryStore;
  /** Called after each step that has written. */
  readonly onWrite: () => void;
}

const DAY_MS = 24 * 60 * 60_000;
const MEGABYTE = 1_000_000;
/** What happens within this time is looked at together, and again no sooner than after the rest. */
const LOOK_DELAY_MS = 1000;
const LOOK_REST_MS = 10_000;
/** Where nothing happens, things grow old all the same. */
const IDLE_LOOK_MS = 60 * 60_000;

/**
 * Keeps the history within its age and its size, as the settings have them: by small steps, between which everybody else
 * has turns, soon after something was added. What is live is left alone.
 */
export class HistoryUpkeep {
  readonly #options: HistoryUpkeepOptions;
  readonly #look: PacedTask;
  readonly #unsubscribe: readonly (() => void)[];
  readonly #startedAt: { readonly wallMs: number; readonly monotonicMs: number };
  #cancelIdleLook: () => void = () => undefined;
  #pass: Promise<void> | null = null;
  #isClosed = false;

  constructor(options: HistoryUpkeepOptions) {
    this.#options = options;
    const { clock, bus, settings } = options;
    this.#startedAt = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
    this.#look = new PacedTask({
      clock,
      delayMs: LOOK_DELAY_MS,
      restMs: LOOK_REST_MS,
      task: () => void this.prune(),
    });
    this.#unsubscribe = [
      bus.subscribe({ onEvent: () => this.#look.request() }),
      settings.subscribe(() => this.#look.request()),
    ];
    this.#look.request();
    this.#scheduleIdleLook();
  }

  /** Brings the history within its limits now; resolves when it is, or when this is closed. Never rejects. */
  prune(): Promise<void> {
    this.#pass ??= this.#prune().finally(() => {
      this.#pass = null;
    });
    return this.#pass;
  }

  /** Ends it; resolves when no step is under way. To be called before the database is closed. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#look.cancel();
    this.#cancelIdleLook();
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    await this.#pass;
  }

  async #prune(): Promise<void> {
    const { log, store, onWrite } = this.#options;
    const turns = new Turns();
    const pass = { isNothingOld: false };
    let steps = 0;
    try {
      while (!this.#isClosed && this.#step(pass)) {
        steps += 1;
        onWrite();
        if (turns.isOver) await turns.next();
      }
      if (steps > 0) {
        store.finish();
        log.info({ removed: steps }, 'the history was brought within its limits');
      }
    } catch (error) {
      log.warn({ err: error }, 'the history could not be brought within its limits');
    }
  }

  /** One small step; false if none is needed. */
  #step(pass: { isNothingOld: boolean }): boolean {
    const { store, settings } = this.#options;
    const { historyDays, historyMegabytes } = settings.current;
    if (!pass.isNothingOld && historyDays > 0) {
      const beforeMs = this.#nowMs() - historyDays * DAY_MS;
      if (store.removeSession(beforeMs) || store.removeEvents(beforeMs)) return true;
    }
    pass.isNothingOld = true;
    return store.usedBytes() > historyMegabytes * MEGABYTE && store.removeGreediest();
  }

  /** The wall clock, unless it has been set far ahead: that makes nothing old. */
  #nowMs(): number {
    const { clock } = this.#options;
    const passedMs = clock.monotonicMs() - this.#startedAt.monotonicMs;
    return Math.min(clock.wallMs(), this.#startedAt.wallMs + passedMs + DAY_MS);
  }

  #scheduleIdleLook(): void {
    this.#cancelIdleLook = this.#options.clock.after(IDLE_LOOK_MS, () => {
      this.#look.request();
      this.#scheduleIdleLook();
    });
  }
}
