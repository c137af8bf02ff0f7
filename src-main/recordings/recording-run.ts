import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import type { Film, FilmSink } from '../stream/screen-source.ts';
import { FilmFile, isDiskFull } from './film-file.ts';
import { type FilmBlock, WebmReader } from './webm-reader.ts';

/** How a recording ended. */
export interface RecordingEnd {
  readonly state: 'finished' | 'failed';
  /** A sentence without its full stop; null where somebody ended it. */
  readonly reason: string | null;
  /** Whether there is anything in the file. */
  readonly hasPicture: boolean;
}

/** What a {@link RecordingRun} works with. */
export interface RecordingRunOptions {
  /** Where to put the file, which must not exist. */
  readonly file: string;
  readonly clock: Clock;
  /** How the recording has to end because there is no room for `bytes` more; null if there is. */
  readonly findLack: (bytes: number) => Promise<Pick<RecordingEnd, 'state' | 'reason'> | null>;
  readonly onError: (error: unknown) => void;
}

/** Between the streams of a film lies as much time as between two of its pictures. */
const GAP_MS = 33;
/** How long the rest of a film is waited for, once it was told to end. */
const REST_MS = 3000;

/**
 * One recording while it is made: takes a film's streams, puts their pictures into one file on one line of time, and
 * ends when it is told to, when the film does, or when there is no room.
 */
export class RecordingRun implements FilmSink {
  /** Settles when the file is complete and closed; never rejects. */
  readonly over: Promise<RecordingEnd>;
  readonly #options: RecordingRunOptions;
  readonly #settle: (end: RecordingEnd) => void;
  #film: Film | null = null;
  #file: FilmFile | null = null;
  #reader = new WebmReader();
  /** What to add to the times of the present stream; null before its first picture. */
  #shiftMs: number | null = null;
  #lastMs: number | null = null;
  #hasHead = false;
  /** How it is to end, once that is known. */
  #end: Pick<RecordingEnd, 'state' | 'reason'> | null = null;
  #closing = false;
  /** Whether what still comes has no place. */
  #isFull = false;
  #cancelRest: () => void = () => undefined;
  /** Pieces are written one after the other. */
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RecordingRunOptions) {
    this.#options = options;
    let settle: (end: RecordingEnd) => void = () => undefined;
    this.over = new Promise((resolve) => {
      settle = resolve;
    });
    this.#settle = settle;
  }

  /** How long it plays so far. */
  get durationMs(): number {
    return this.#file?.durationMs ?? 0;
  }

  /** What it takes on disk so far. */
  get sizeBytes(): number {
    return this.#file?.bytes ?? 0;
  }

  /** The film that this is the sink of: where pauses and the end go. */
  set film(film: Film) {
    this.#film = film;
    if (this.#end) film.end();
  }

  setPaused(paused: boolean): void {
    this.#film?.setPaused(paused);
  }

  /** Ends it; what has been filmed still goes in. Idempotent. */
  stop(state: RecordingEnd['state'], reason: string | null): void {
    if (this.#end) return;
    this.#end = { state, reason };
    this.#cancelRest = this.#options.clock.after(REST_MS, () => this.#close());
    this.#film?.end();
  }

  onStream(): void {
    this.#enqueue(async () => {
      this.#reader = new WebmReader();
      this.#shiftMs = null;
    });
  }

  onPiece(bytes: Buffer, taken: () => void): void {
    this.#enqueue(async () => {
      await this.#write(bytes);
      taken();
    });
  }

  onEnd(fault: string | null): void {
    this.#end ??=
      fault === null
        ? { state: 'finished', reason: 'The screen share ended' }
        : { state: 'failed', reason: `${fault.charAt(0).toUpperCase()}${fault.slice(1)}` };
    this.#close();
  }

  async #write(bytes: Buffer): Promise<void> {
    const lack = await this.#options.findLack(bytes.length);
    if (lack) {
      this.#refuseRest(lack.state, lack.reason);
      return;
    }
    const blocks: FilmBlock[] = [];
    for (const part of this.#reader.push(bytes)) {
      if (part.kind === 'block') blocks.push(this.#place(part));
      else await this.#begin(part.tracks);
    }
    await this.#file?.append(blocks);
  }

  async #begin(tracks: Buffer): Promise<void> {
    if (!this.#file) {
      await mkdir(path.dirname(this.#options.file), { recursive: true, mode: 0o700 });
      this.#file = await FilmFile.create(this.#options.file);
    }
    // Streams that follow are coded alike; that they may differ in size is what their key frames tell.
    if (!this.#hasHead) await this.#file.begin(tracks);
    this.#hasHead = true;
  }

  #place(block: FilmBlock): FilmBlock {
    this.#shiftMs ??= (this.#lastMs === null ? 0 : this.#lastMs + GAP_MS) - block.atMs;
    // Two pictures of the same millisecond would be one behind the other for a player.
    const atMs = Math.max(block.atMs + this.#shiftMs, this.#lastMs === null ? 0 : this.#lastMs + 1);
    this.#lastMs = atMs;
    return { ...block, atMs };
  }

  #enqueue(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(async () => {
      if (this.#closing || this.#isFull) return;
      try {
        await work();
      } catch (error) {
        this.#options.onError(error);
        this.#refuseRest('failed', explainFailure(error));
      }
    });
  }

  #refuseRest(state: RecordingEnd['state'], reason: string | null): void {
    this.#isFull = true;
    this.stop(state, reason);
    this.#close();
  }

  #close(): void {
    if (this.#closing) return;
    this.#cancelRest();
    // Behind what is being written; what comes later is not waited for.
    const written = this.#writing;
    void written.then(async () => {
      if (this.#closing) return;
      this.#closing = true;
      this.#film?.end();
      this.#settle(await this.#finish());
    });
  }

  async #finish(): Promise<RecordingEnd> {
    const end = this.#end ?? { state: 'finished', reason: null };
    if (!this.#file) return { ...end, hasPicture: false };
    try {
      return { ...end, hasPicture: await this.#file.finish() };
    } catch (error) {
      this.#options.onError(error);
      return { state: 'failed', reason: explainFailure(error), hasPicture: this.#file.durationMs > 0 };
    }
  }
}

/** What a failure of the file system means to people. */
function explainFailure(error: unknown): string {
  if (isDiskFull(error)) return 'The disk is full';
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return `The file could not be written${code}`;
}
