import type { Decider } from '#shared/approvals';
import type { AgentEvent } from '#shared/events';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { describeRecordingEvent, type RecordingHappening } from './recording-events.ts';
import type { RecordingJournal } from './recording-journal.ts';
import type { RecordingRecord } from './recording-record.ts';

/** What a {@link RecordingBook} works with. */
export interface RecordingBookOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: RecordingJournal;
  /** Tells of an event that is on disk. */
  readonly publish: (event: AgentEvent) => void;
  readonly announceChange: () => void;
  /** The recordings that are being made, as of now. */
  readonly running: () => readonly RecordingRecord[];
}

/** How often it is written down how far recordings are: a crash costs the list so much, the files less. */
const SAVE_MS = 5000;

/**
 * Puts recordings on record. The journal may fail at any moment, since it lies on the disk that a recording fills: the
 * end of one that it could not take is remembered, and tried again until it could.
 */
export class RecordingBook {
  readonly #options: RecordingBookOptions;
  readonly #unkept = new Map<string, { readonly record: RecordingRecord; readonly by: Decider }>();
  #cancelTick: (() => void) | null = null;

  constructor(options: RecordingBookOptions) {
    this.#options = options;
  }

  /** An ended recording that is not on record as such yet. */
  findUnkept(recordingId: string): RecordingRecord | undefined {
    return this.#unkept.get(recordingId)?.record;
  }

  /** Puts a new recording on record and tells of it. Throws as the journal does; then there is none. */
  open(record: RecordingRecord, by: Decider): void {
    const { journal, publish } = this.#options;
    publish(journal.record(record, describeRecordingEvent(record, 'start', record.startedAtMs, by)));
    this.#follow();
  }

  /** Puts on record what became of a recording that is still being made, and tells of it. */
  note(record: RecordingRecord, happening: RecordingHappening, by: Decider): void {
    const { journal, publish, clock, log, announceChange } = this.#options;
    try {
      publish(journal.record(record, describeRecordingEvent(record, happening, clock.wallMs(), by)));
    } catch (error) {
      log.error({ err: error, recordingId: record.recordingId }, 'a change of a recording could not be kept');
      announceChange();
    }
  }

  /** Puts the end of a recording on record, and tells of it. */
  keepEnd(record: RecordingRecord, by: Decider): void {
    const { journal, publish, clock, log, announceChange } = this.#options;
    const atMs = record.stoppedAtMs ?? clock.wallMs();
    this.#unkept.delete(record.recordingId);
    try {
      publish(journal.record(record, describeRecordingEvent(record, 'end', atMs, by)));
    } catch (error) {
      log.error({ err: error, recordingId: record.recordingId }, 'the end of a recording could not be kept');
      this.#unkept.set(record.recordingId, { record, by });
      announceChange();
      this.#follow();
    }
  }

  /** Writes down how far a recording is. */
  save(record: RecordingRecord): void {
    try {
      this.#options.journal.save(record);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'it could not be kept how far a recording is');
    }
  }

  /** Forgets a recording and tells of that. Throws as the journal does. */
  forget(record: RecordingRecord, by: Decider): void {
    const { journal, publish, clock } = this.#options;
    publish(journal.forget(record.recordingId, describeRecordingEvent(record, 'delete', clock.wallMs(), by)));
    this.#unkept.delete(record.recordingId);
  }

  /** Tries once more what could not be kept, and ends. */
  close(): void {
    this.#cancelTick?.();
    this.#keepUnkept();
    this.#cancelTick?.();
  }

  #keepUnkept(): void {
    for (const { record, by } of [...this.#unkept.values()]) this.keepEnd(record, by);
  }

  /** Writes down how far things are for as long as there is anything to write down. */
  #follow(): void {
    this.#cancelTick ??= this.#options.clock.after(SAVE_MS, () => {
      this.#cancelTick = null;
      this.#keepUnkept();
      const running = this.#options.running();
      for (const record of running) this.save(record);
      if (running.length > 0 || this.#unkept.size > 0) this.#follow();
    });
  }
}
