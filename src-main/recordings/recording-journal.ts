import type { AgentEvent } from '#shared/events';
import type { EventDraft } from '../sessions/session-journal.ts';
import type { RecordingRecord } from './recording-record.ts';

/** Which recordings to list. */
export interface RecordingQuery {
  readonly sessionId?: string | undefined;
  /** Only recordings of shares that were started with this token. */
  readonly owner?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Where it is kept which recordings there are. Every write is on disk when the call returns. */
export interface RecordingJournal {
  /** Writes a recording's state together with the event that tells of it; answers the event with its number. */
  record(recording: RecordingRecord, draft: EventDraft): AgentEvent;
  /** Writes how far a recording is, which no event tells of. */
  save(recording: RecordingRecord): void;
  /** Forgets a recording; answers the event that tells of it. */
  forget(recordingId: string, draft: EventDraft): AgentEvent;
  has(recordingId: string): boolean;
  find(recordingId: string): RecordingRecord | undefined;
  /** Recordings that had not ended when they were last written. */
  listUnfinished(): RecordingRecord[];
  /** Ended recordings that began before this wall time. */
  listBefore(wallMs: number): RecordingRecord[];
  /** Newest start first; `total` counts all that match, whatever the page. */
  list(query: RecordingQuery): { records: RecordingRecord[]; total: number };
  /** What all of them take on disk, in bytes. */
  usedBytes(): number;
}
