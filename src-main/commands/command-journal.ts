import type { AgentEvent } from '#shared/events';
import type { EventDraft } from '../sessions/session-journal.ts';
import type { CommandRecord, CommandSummary } from './command-record.ts';

/** Which commands to list, newest request first. */
export interface CommandQuery {
  /** Only of this session. */
  readonly sessionId?: string | undefined;
  /** Only of sessions that were started with this token. */
  readonly owner?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Where commands are kept. Every write is on disk when the call returns, a state always together with its event. */
export interface CommandJournal {
  /** Writes a command's state together with the event that tells of it; answers the event with its number. */
  record(command: CommandRecord, draft: EventDraft): AgentEvent;
  /** Writes what is no news: which pictures there are. */
  save(command: CommandRecord): void;
  find(commandId: string): CommandRecord | undefined;
  /** A page of commands without their outputs, and how many match in all. */
  list(query: CommandQuery): { records: CommandSummary[]; total: number };
  /** Every command of a session in the order in which they were asked for, one at a time. */
  each(sessionId: string): Iterable<CommandRecord>;
  /** Commands that had not ended when they were last written. */
  listUnfinished(): CommandRecord[];
}
