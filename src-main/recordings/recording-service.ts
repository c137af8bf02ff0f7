import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Decider } from '#shared/approvals';
import { PortholeError } from '#shared/errors';
import type { AgentEvent } from '#shared/events';
import type { Recording, ShareRecording } from '#shared/recordings';
import type { Settings } from '#shared/settings';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Film, FilmSink } from '../stream/screen-source.ts';
import { FilmFile } from './film-file.ts';
import { RecordingBook } from './recording-book.ts';
import type { RecordingJournal, RecordingQuery } from './recording-journal.ts';
import {
  isOn,
  type RecordedShare,
  type RecordingRecord,
  toRecording,
  toShareRecording,
} from './recording-record.ts';
import { RecordingRoom } from './recording-room.ts';
import { type RecordingEnd, RecordingRun } from './recording-run.ts';

/** What a {@link RecordingService} works with. */
export interface RecordingServiceOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: RecordingJournal;
  /** Made when the first recording is. */
  readonly folder: string;
  readonly settings: () => Settings;
  /** Films what a share shows. Throws `session_not_found`. */
  readonly film: (sessionId: string, sink: FilmSink) => Film;
  readonly isSharing: (sessionId: string) => boolean;
  /** Tells of an event that is on disk. */
  readonly publish: (event: AgentEvent) => void;
  readonly announceChange: () => void;
}

interface LiveRecording {
  record: RecordingRecord;
  readonly run: RecordingRun;
  /** Who ended it, once somebody has. */
  endedBy: Decider;
}

const DAY_MS = 24 * 60 * 60_000;
const INTERRUPTED = 'The agent ended while it was being made';

/**
 * All recordings: makes them, one for each share at a time, keeps them, and lets go of them.
 */
export class RecordingService {
  readonly #options: RecordingServiceOptions;
  readonly #room: RecordingRoom;
  readonly #book: RecordingBook;
  readonly #live = new Map<string, LiveRecording>();
  /** The newest recording of each share that is live, ended ones included. */
  readonly #newest = new Map<string, RecordingRecord>();
  /** Files that are being completed after a crash. */
  #mending: Promise<void> = Promise.resolve();
  readonly #ending = new Set<Promise<void>>();
  #cancelPruning: () => void = () => undefined;

  constructor(options: RecordingServiceOptions) {
    this.#options = options;
    this.#book = new RecordingBook({
      ...options,
      running: () => [...this.#live.values()].map((live) => this.#asOfNow(live)),
    });
    this.#room = new RecordingRoom(options.folder, options.clock, options.settings);
  }

  /**
   * Takes up what an earlier run left: recordings that it could not end are interrupted, and are made to play. `endedAtMs` is
   * the wall time at which that run was last known to live.
   */
  recover(endedAtMs = this.#options.clock.wallMs()): void {
    for (const record of this.#options.journal.listUnfinished()) {
      const stoppedAtMs = Math.max(endedAtMs, record.startedAtMs);
      const interrupted = { ...record, state: 'interrupted' as const, reason: INTERRUPTED, stoppedAtMs };
      this.#book.keepEnd(interrupted, 'agent');
      this.#mending = this.#mending.then(() => this.#mend(interrupted));
    }
    this.#pruneDaily();
  }

  /** Throws `recording_off` or `recordings_full` if no recording may begin now. */
  assertMayStart(): void {
    if (this.#options.settings().recording === 'off') throw new PortholeError('recording_off');
    if (this.#usedBytes() >= this.#room.limitBytes) throw new PortholeError('recordings_full');
  }

  /**
   * Begins to record a share, or goes on with a recording of it that is paused. What fails later ends the recording and
   * says so in it. Throws as {@link assertMayStart} does, and `session_not_found`.
   */
  begin(share: RecordedShare, by: Decider): Recording {
    const live = this.#live.get(share.sessionId);
    if (live) return toRecording(this.#move(live, 'recording', by));
    this.assertMayStart();
    return toRecording(this.#start(share, by));
  }

  /** Begins to record a share right from its start; what keeps it from that is told as its failed recording. */
  beginWithShare(share: RecordedShare, by: Decider): void {
    try {
      this.begin(share, by);
    } catch (refusal) {
      const { clock, log } = this.#options;
      if (!(refusal instanceof PortholeError)) log.error({ err: refusal }, 'a recording could not begin');
      const reason = refusal instanceof PortholeError ? refusal.message : 'It could not be put on record';
      const failed = { ...this.#newRecord(share), state: 'failed' as const, reason };
      const record = { ...failed, stoppedAtMs: clock.wallMs() };
      this.#newest.set(share.sessionId, record);
      this.#book.keepEnd(record, by);
    }
  }

  /** Pauses a share's recording: what the screen shows meanwhile is left out. Idempotent. Throws `not_recording`. */
  pause(sessionId: string, by: Decider): Recording {
    return toRecording(this.#move(this.#get(sessionId), 'paused', by));
  }

  /** Ends a share's recording, if there is one; its file is complete soon after. */
  end(sessionId: string, by: Decider): void {
    const live = this.#live.get(sessionId);
    if (!live) return;
    live.endedBy = by;
    live.run.stop('finished', null);
  }

  /** Ends a share's recording; resolves when its file is complete. Rejects with `not_recording`. */
  async stop(sessionId: string, by: Decider): Promise<Recording> {
    const live = this.#get(sessionId);
    this.end(sessionId, by);
    await live.run.over;
    await Promise.all(this.#ending);
    return toRecording(this.find(live.record.recordingId));
  }

  /** A share's newest recording for as long as the share is live; null before its first. */
  describe(sessionId: string): ShareRecording | null {
    const live = this.#live.get(sessionId);
    const record = live ? this.#asOfNow(live) : this.#newest.get(sessionId);
    return record ? toShareRecording(record) : null;
  }

  /** Forgets what {@link describe} told of a share that has ended. */
  forgetShare(sessionId: string): void {
    this.#newest.delete(sessionId);
  }

  /** A page of recordings, newest start first, how many match, and what all there are take on disk. */
  list(query: RecordingQuery): {
    recordings: Recording[];
    total: number;
    used_bytes: number;
    limit_bytes: number;
  } {
    const { records, total } = this.#options.journal.list(query);
    const now = new Map(
      [...this.#live.values()].map((live) => [live.record.recordingId, this.#asOfNow(live)] as const),
    );
    const recordings = records.map((record) =>
      toRecording(now.get(record.recordingId) ?? this.#book.findUnkept(record.recordingId) ?? record),
    );
    return { recordings, total, used_bytes: this.#usedBytes(), limit_bytes: this.#room.limitBytes };
  }

  /** One recording. Throws `recording_not_found`. */
  find(recordingId: string): RecordingRecord {
    const live = [...this.#live.values()].find(({ record }) => record.recordingId === recordingId);
    const record =
      (live && this.#asOfNow(live)) ??
      this.#book.findUnkept(recordingId) ??
      this.#options.journal.find(recordingId);
    if (!record) throw new PortholeError('recording_not_found');
    return record;
  }

  /** The complete file of a recording. Rejects with `recording_not_found`, and `recording_running` until it has ended. */
  async fileOf(recordingId: string): Promise<string> {
    await this.#mending;
    const record = this.find(recordingId);
    if (isOn(record)) throw new PortholeError('recording_running');
    return this.#pathOf(recordingId);
  }

  /** Deletes a recording and its file. Rejects with `recording_not_found` and `recording_running`. */
  async remove(recordingId: string, by: Decider): Promise<void> {
    const file = await this.fileOf(recordingId);
    const record = this.find(recordingId);
    // The file first: a recording that is no longer listed must not lie about.
    await rm(file, { force: true });
    if (this.#newest.get(record.sessionId)?.recordingId === recordingId)
      this.#newest.delete(record.sessionId);
    this.#book.forget(record, by);
  }

  /** Ends every recording; resolves when their files are complete. */
  async close(reason: string): Promise<void> {
    this.#cancelPruning();
    for (const { run } of this.#live.values()) run.stop('finished', reason);
    await Promise.all(this.#ending);
    await this.#mending;
    this.#book.close();
  }

  #start(share: RecordedShare, by: Decider): RecordingRecord {
    const { clock, log, film } = this.#options;
    const record = this.#newRecord(share);
    const { sessionId } = record;
    const run = new RecordingRun({
      file: this.#pathOf(record.recordingId),
      clock,
      findLack: (bytes) => this.#room.findLack(run.sizeBytes + bytes, this.#usedBytes() + bytes),
      onError: (error) => log.error({ err: error, recordingId: record.recordingId }, 'a recording failed'),
    });
    this.#book.open(record, by);
    const live: LiveRecording = { record, run, endedBy: 'agent' };
    this.#live.set(sessionId, live);
    const ending = run.over.then((end) => this.#end(live, end));
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
    run.film = film(sessionId, run);
    return record;
  }

  #newRecord({ sessionId, userId, owner, quality }: RecordedShare): RecordingRecord {
    return {
      recordingId: this.#newId(),
      sessionId,
      userId,
      owner,
      quality,
      state: 'recording',
      reason: null,
      startedAtMs: this.#options.clock.wallMs(),
      stoppedAtMs: null,
      durationMs: 0,
      sizeBytes: 0,
    };
  }

  #move(live: LiveRecording, state: 'recording' | 'paused', by: Decider): RecordingRecord {
    const record = this.#asOfNow(live);
    if (record.state === state) return record;
    const moved = { ...record, state };
    // The picture goes first: whoever pauses is obeyed even if the disk refuses to record it.
    live.run.setPaused(state === 'paused');
    live.record = moved;
    this.#book.note(moved, state === 'paused' ? 'pause' : 'resume', by);
    return moved;
  }

  async #end(live: LiveRecording, end: RecordingEnd): Promise<void> {
    const { clock, folder } = this.#options;
    const { recordingId, sessionId, startedAtMs } = live.record;
    const outcome = end.hasPicture || end.state === 'failed' ? end : NOTHING_RECORDED;
    const record: RecordingRecord = {
      ...this.#asOfNow(live),
      state: outcome.state,
      reason: outcome.reason,
      stoppedAtMs: Math.max(clock.wallMs(), startedAtMs),
    };
    if (!end.hasPicture)
      await rm(path.join(folder, fileName(recordingId)), { force: true }).catch(() => undefined);
    this.#live.delete(sessionId);
    if (this.#options.isSharing(sessionId)) this.#newest.set(sessionId, record);
    this.#book.keepEnd(record, live.endedBy);
  }

  /** Makes a file that a crash cut off complete, and notes what is in it. */
  async #mend(record: RecordingRecord): Promise<void> {
    const { log } = this.#options;
    try {
      const file = await FilmFile.reopen(this.#pathOf(record.recordingId));
      const { durationMs } = file;
      const hasPicture = await file.finish();
      if (!hasPicture) await rm(this.#pathOf(record.recordingId), { force: true });
      this.#book.save({ ...record, durationMs, sizeBytes: hasPicture ? file.bytes : 0 });
    } catch (error) {
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (isMissing) this.#book.save({ ...record, durationMs: 0, sizeBytes: 0 });
      else log.error({ err: error, recordingId: record.recordingId }, 'a recording could not be completed');
    }
  }

  #pruneDaily(): void {
    const { journal, clock, settings, log } = this.#options;
    const { recordingDays } = settings();
    const old = recordingDays > 0 ? journal.listBefore(clock.wallMs() - recordingDays * DAY_MS) : [];
    for (const { recordingId } of old) {
      this.remove(recordingId, 'agent').catch((error: unknown) =>
        log.warn({ err: error, recordingId }, 'an old recording could not be deleted'),
      );
    }
    this.#cancelPruning = clock.after(DAY_MS, () => this.#pruneDaily());
  }

  #asOfNow({ record, run }: LiveRecording): RecordingRecord {
    return { ...record, durationMs: run.durationMs, sizeBytes: run.sizeBytes };
  }

  /** What all recordings take: the live ones as of now, where the journal only knows what was saved. */
  #usedBytes(): number {
    const grown = [...this.#live.values()].map(({ record, run }) => {
      const known = this.#options.journal.find(record.recordingId)?.sizeBytes ?? 0;
      return run.sizeBytes - known;
    });
    return grown.reduce((sum, bytes) => sum + bytes, this.#options.journal.usedBytes());
  }

  #get(sessionId: string): LiveRecording {
    const live = this.#live.get(sessionId);
    if (!live) throw new PortholeError('not_recording');
    return live;
  }

  #newId(): string {
    for (;;) {
      const recordingId = `recording_${randomBytes(4).toString('hex')}`;
      if (!this.#options.journal.has(recordingId)) return recordingId;
    }
  }

  #pathOf(recordingId: string): string {
    return path.join(this.#options.folder, fileName(recordingId));
  }
}

const NOTHING_RECORDED = { state: 'failed', reason: 'There was no picture to record' } as const;

function fileName(recordingId: string): string {
  return `${recordingId}.webm`;
}
