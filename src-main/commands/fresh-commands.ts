import type { Clock } from '../clock.ts';
import type { CommandRecord } from './command-record.ts';

/** So long a command can be had whole after its end: whoever asked for it fetches it at once, or a little later. */
const FRESH_MS = 10 * 60_000;
/** The most characters that are held of one session: as many files of 1 MiB as it may have read at once. */
export const MAX_FRESH_PER_SESSION = 24 * 1024 * 1024;
/** The most that is held of all sessions. */
export const MAX_FRESH = 64 * 1024 * 1024;

interface Fresh {
  readonly record: CommandRecord;
  readonly characters: number;
  readonly keptUntilMs: number;
}

/**
 * Commands that have just ended, whole, for those who asked for them; on record there may be less. They are held in memory,
 * for a while and within limits: beyond them the oldest of the session that has the most goes first, so that no session
 * takes from another what that one has not yet fetched.
 */
export class FreshCommands {
  readonly #clock: Clock;
  /** The oldest comes first. */
  readonly #fresh = new Map<string, Fresh>();
  readonly #bySession = new Map<string, number>();
  #characters = 0;
  #cancelDrop: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many characters are held now. */
  get characters(): number {
    return this.#characters;
  }

  /** Holds a command that has ended. */
  put(record: CommandRecord): void {
    const { commandId, sessionId } = record;
    this.#drop(commandId);
    const characters = charactersOf(record);
    this.#fresh.set(commandId, { record, characters, keptUntilMs: this.#clock.monotonicMs() + FRESH_MS });
    this.#count(sessionId, characters);
    while ((this.#bySession.get(sessionId) ?? 0) > MAX_FRESH_PER_SESSION) this.#dropOldestOf(sessionId);
    while (this.#characters > MAX_FRESH) this.#dropOldestOf(this.#greediest());
    this.#scheduleDrop();
  }

  /** The command, if it is held. */
  get(commandId: string): CommandRecord | undefined {
    return this.#fresh.get(commandId)?.record;
  }

  /** Puts another record of the same command in the place of the one that is held, if it is. */
  replace(record: CommandRecord): void {
    const held = this.#fresh.get(record.commandId);
    if (held) this.#fresh.set(record.commandId, { ...held, record });
  }

  /** Lets go of everything. */
  close(): void {
    this.#cancelDrop?.();
    this.#cancelDrop = null;
    this.#fresh.clear();
    this.#bySession.clear();
    this.#characters = 0;
  }

  #drop(commandId: string): void {
    const held = this.#fresh.get(commandId);
    if (!held) return;
    this.#fresh.delete(commandId);
    this.#count(held.record.sessionId, -held.characters);
  }

  #dropOldestOf(sessionId: string): void {
    for (const [commandId, { record }] of this.#fresh) {
      if (record.sessionId !== sessionId) continue;
      this.#drop(commandId);
      return;
    }
  }

  #greediest(): string {
    let [greediest, most] = ['', -1];
    for (const [sessionId, characters] of this.#bySession)
      if (characters > most) [greediest, most] = [sessionId, characters];
    return greediest;
  }

  #count(sessionId: string, characters: number): void {
    this.#characters += characters;
    const left = (this.#bySession.get(sessionId) ?? 0) + characters;
    if (left > 0) this.#bySession.set(sessionId, left);
    else this.#bySession.delete(sessionId);
  }

  #scheduleDrop(): void {
    const oldest = this.#fresh.values().next().value;
    if (this.#cancelDrop || !oldest) return;
    const waitMs = Math.max(0, oldest.keptUntilMs - this.#clock.monotonicMs());
    this.#cancelDrop = this.#clock.after(waitMs, () => {
      this.#cancelDrop = null;
      const nowMs = this.#clock.monotonicMs();
      for (const [commandId, { keptUntilMs }] of [...this.#fresh]) {
        if (keptUntilMs > nowMs) break;
        this.#drop(commandId);
      }
      this.#scheduleDrop();
    });
  }
}

/** About as many as it has, counted and not made anew. */
function charactersOf({ operation, stdout, stderr, result, digests }: CommandRecord): number {
  const isEncoded = result !== null && !(result.operation === 'read_file' && result.encoding === 'utf8');
  const resultBytes = digests.result?.bytes ?? 0;
  return (
    JSON.stringify(operation).length +
    stdout.text.length +
    stderr.text.length +
    (isEncoded ? Math.ceil((resultBytes * 4) / 3) : resultBytes)
  );
}
