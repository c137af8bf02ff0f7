import type { AgentEvent } from '#shared/events';
import type { Clock } from '../clock.ts';
import type { EventDraft } from '../sessions/session-journal.ts';
import type { CommandJournal, CommandQuery } from './command-journal.ts';
import type { CommandRecord, CommandSummary } from './command-record.ts';
import { FreshCommands } from './fresh-commands.ts';
import { keepPart } from './kept-record.ts';

/**
 * A journal that keeps no more than the beginning of what is long ({@link keepPart}). Whoever asked for a command finds it
 * whole all the same: while it waits and runs, its service has it, and for a while after that this does.
 */
export class CommandArchive implements CommandJournal {
  readonly #journal: CommandJournal;
  readonly #fresh: FreshCommands;

  constructor(journal: CommandJournal, clock: Clock) {
    this.#journal = journal;
    this.#fresh = new FreshCommands(clock);
  }

  /** How many characters are held of commands that have ended, beyond what is on record. */
  get heldCharacters(): number {
    return this.#fresh.characters;
  }

  record(command: CommandRecord, draft: EventDraft): AgentEvent {
    const kept = keepPart(command);
    // Whatever the disk says: the answer is there.
    if (kept !== command && command.finishedAtMs !== null) this.#fresh.put(command);
    return this.#journal.record(kept, draft);
  }

  savePictures(command: CommandRecord): void {
    this.#fresh.replace(command);
    this.#journal.savePictures(command);
  }

  find(commandId: string): CommandRecord | undefined {
    return this.#fresh.get(commandId) ?? this.#journal.find(commandId);
  }

  list(query: CommandQuery): { records: CommandSummary[]; total: number } {
    return this.#journal.list(query);
  }

  listOf(sessionId: string, after: number, limit: number): { records: CommandRecord[]; last: number } {
    return this.#journal.listOf(sessionId, after, limit);
  }

  listUnfinished(): CommandRecord[] {
    return this.#journal.listUnfinished();
  }

  /** Lets go of what is held in memory. */
  close(): void {
    this.#fresh.close();
  }
}
