import type { CommandJournal, CommandQuery } from '../../src-main/commands/command-journal.ts';
import type { CommandRecord, CommandSummary } from '../../src-main/commands/command-record.ts';
import type { EventDraft } from '../../src-main/sessions/session-journal.ts';
import type { AgentEvent } from '../../src-shared/events.ts';

/** Keeps commands in memory; `isBroken` is a disk that takes nothing. */
export class MemoryCommandJournal implements CommandJournal {
  readonly records = new Map<string, CommandRecord>();
  isBroken = false;
  #seq = 0;

  record(command: CommandRecord, draft: EventDraft): AgentEvent {
    this.#save(command);
    this.#seq += 1;
    return { seq: this.#seq, ...draft };
  }

  savePictures({ commandId, hasShotBefore, hasShotAfter }: CommandRecord): void {
    const kept = this.records.get(commandId);
    if (kept) this.#save({ ...kept, hasShotBefore, hasShotAfter });
  }

  find(commandId: string): CommandRecord | undefined {
    return this.records.get(commandId);
  }

  list({ sessionId, limit, offset }: CommandQuery): { records: CommandSummary[]; total: number } {
    const all = [...this.records.values()].filter((record) => !sessionId || record.sessionId === sessionId);
    return { records: all.reverse().slice(offset, offset + limit), total: all.length };
  }

  listOf(sessionId: string, after: number, limit: number): { records: CommandRecord[]; last: number } {
    const all = [...this.records.values()].filter((record) => record.sessionId === sessionId);
    const records = all.slice(after, after + limit);
    return { records, last: after + records.length };
  }

  listUnfinished(): CommandRecord[] {
    return [...this.records.values()].filter(({ finishedAtMs }) => finishedAtMs === null);
  }

  #save(command: CommandRecord): void {
    if (this.isBroken) throw new Error('disk full');
    this.records.set(command.commandId, command);
  }
}
