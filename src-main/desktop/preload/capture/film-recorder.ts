import {
  FILM_PIECE_MS,
  type FilmCommand,
  type FilmReport,
  MAX_FILM_BACKLOG_BYTES,
} from '#shared/film-messages';

/** VP9 costs what VP8 does and makes half the bytes of a screen: see docs/decisions/0024-recordings.md. */
const MIME_TYPE = 'video/webm;codecs=vp9';
/** A player can only jump to a key frame. */
const KEY_FRAME_MS = 3000;

/** What to film, and how. */
export type FilmOrder = Extract<FilmCommand, { type: 'film_begin' }>;

/** What `MediaRecorder` takes that the compiler's library does not know yet. */
interface RecorderOptions extends MediaRecorderOptions {
  readonly videoKeyFrameIntervalDuration: number;
}

/**
 * Films one capture as WebM until it is told to end or its track ends. Reports pieces in their order and then, once,
 * the end; nothing is thrown.
 */
export class FilmRecorder {
  readonly #order: FilmOrder;
  readonly #send: (report: FilmReport) => void;
  #recorder: MediaRecorder | null = null;
  #paused: boolean;
  #backlogBytes = 0;
  #fault: string | null = null;
  #ended = false;
  /** Pieces are read one after the other, and the end comes behind the last. */
  #sending: Promise<void> = Promise.resolve();

  constructor(order: FilmOrder, send: (report: FilmReport) => void) {
    this.#order = order;
    this.#paused = order.paused;
    this.#send = send;
  }

  /** Begins to film `track`, which has a picture by now. Does nothing if it films already. */
  begin(track: MediaStreamTrack): void {
    if (this.#recorder || this.#ended) return;
    try {
      const options: RecorderOptions = {
        mimeType: MIME_TYPE,
        videoBitsPerSecond: this.#order.bitsPerSecond,
        videoKeyFrameIntervalDuration: KEY_FRAME_MS,
      };
      const recorder = new MediaRecorder(new MediaStream([track]), options);
      this.#recorder = recorder;
      recorder.addEventListener('dataavailable', ({ data }) => this.#pass(data));
      recorder.addEventListener('error', () => this.#fail('the recorder failed'));
      recorder.addEventListener('stop', () => this.#finish());
      recorder.start(FILM_PIECE_MS);
      if (this.#paused) recorder.pause();
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Leaves out of the film what comes from now on, or takes it in again. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
    if (this.#recorder?.state === 'inactive') return;
    if (paused) this.#recorder?.pause();
    else this.#recorder?.resume();
  }

  /** Takes note that the agent has taken so many bytes. */
  onTaken(bytes: number): void {
    this.#backlogBytes -= bytes;
  }

  /** Ends the film; what there is of it still goes out. */
  end(): void {
    if (this.#recorder && this.#recorder.state !== 'inactive') this.#recorder.stop();
    else this.#finish();
  }

  #pass(data: Blob): void {
    if (data.size === 0 || this.#fault !== null) return;
    this.#backlogBytes += data.size;
    if (this.#backlogBytes > MAX_FILM_BACKLOG_BYTES) {
      this.#fail('the disk is too slow for it');
      return;
    }
    this.#sending = this.#sending.then(async () => {
      const bytes = new Uint8Array(await data.arrayBuffer());
      this.#send({ type: 'film_piece', film: this.#order.film, bytes });
    });
  }

  #fail(fault: string): void {
    this.#fault ??= fault.slice(0, 500);
    this.end();
  }

  #finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    void this.#sending.then(() =>
      this.#send({ type: 'film_ended', film: this.#order.film, fault: this.#fault }),
    );
  }
}
