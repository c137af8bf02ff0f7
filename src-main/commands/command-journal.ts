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

/**
 * Where commands are kept. Every write is on disk when the call returns, a state always together with its event. What a
 * session has on record is bounded: beyond that its oldest commands lose first their content, then their place.
 */
export interface CommandJournal {
  /** Writes a command's state together with the event that tells of it; answers the event with its number. */
  record(command: CommandRecord, draft: EventDraft): AgentEvent;
  /** Writes which pictures there are of a command, which is no news. Does nothing to one that is not kept any more. */
  savePictures(command: CommandRecord): void;
  find(commandId: string): CommandRecord | undefined;
  /** A page of commands without their outputs, and how many match in all. */
  list(query: CommandQuery): { records: CommandSummary[]; total: number };
  /**
   * Commands of a session in the order in which they were asked for: the first `limit` after the place `after`, which is
   * 0 for the beginning, and the place of the last of them.
   */
  listOf(sessionId: string, after: number, limit: number): { records: CommandRecord[]; last: number };
  /** Commands that had not ended when they were last written. */
  listUnfinished(): CommandRecord[];
}
