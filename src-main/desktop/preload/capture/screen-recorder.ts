import {
  CAPTURE_FRAME_CREDITS,
  CAPTURE_HEARTBEAT_MS,
  type CaptureCommand,
  type CaptureReport,
} from '#shared/capture-messages';
import type { FilmCommand } from '#shared/film-messages';
import type { FrameSize } from '#shared/presets';
import { CapturePace } from './capture-pace.ts';
import { type CaptureScale, planScale } from './capture-scale.ts';
import { FilmSet } from './film-set.ts';
import { fitFrame } from './fitted-frame.ts';
import { NewestFrame } from './newest-frame.ts';
import { TileEncoder } from './tile-encoder.ts';

/** What to ask for until the first frame tells how large the screen is; none is larger than this. */
const ANY_SCALE: CaptureScale = { maxWidthPx: 32_000, maxHeightPx: 32_000, shrink: 1 };

/** Whoever needs small pictures takes no more of them, and each costs half as much as a whole one. */
const SMALL_INTERVAL_MS = 60;
/** The most that the means of blocks can be taken of. */
const MAX_SHRINK = 16;

/** What to record, and how. */
export type RecordingOrder = Extract<CaptureCommand, { type: 'begin' }>;

/** Where a recording's reports go. */
export type SendReport = (report: CaptureReport) => void;

/**
 * Records the screen that the agent chose, as JPEGs, until the window is closed. What comes of it, the end included,
 * is reported; nothing is thrown. Sends at most two frames that the agent has not taken yet: what the screen shows
 * meanwhile is skipped, and the next frame shows the difference.
 */
export class ScreenRecorder {
  readonly #order: RecordingOrder;
  readonly #send: SendReport;
  readonly #encoder: TileEncoder;
  readonly #pace: CapturePace;
  readonly #films: FilmSet;
  #smallEncoder: TileEncoder | null = null;
  #smallAtMs = 0;
  #track: MediaStreamTrack | null = null;
  /**
   * Beside the track where a portal captures. Told another size or rate, Chromium opens the capture of an only track anew,
   * for which the portal asks the person; of one among several it makes the frames smaller itself.
   */
  #spareTrack: MediaStreamTrack | null = null;
  #newestFrame: NewestFrame | null = null;
  #scale = ANY_SCALE;
  /** The size of the frames that fit the scale, once one has come. */
  #settledSize: FrameSize | null = null;
  /** Whether the scale was planned for films, and whether without any the encoder has a share in it. */
  #filming = false;
  #scalesByMeans = false;
  /** What the track was told last. */
  #applied: { readonly fps: number; readonly scale: CaptureScale };
  #applying = false;
  #credits = CAPTURE_FRAME_CREDITS;
  #captures = 0;
  #unchanged = 0;
  #capturedAtMs = 0;
  #lost = false;

  constructor(order: RecordingOrder, send: SendReport) {
    this.#order = order;
    this.#send = send;
    this.#encoder = new TileEncoder(order.jpegQuality);
    this.#pace = new CapturePace(order.framesPerSecond, order.demand !== 'unwatched', monotonicMs());
    this.#setTiered(order.demand === 'tiered');
    this.#films = new FilmSet(send);
    this.#applied = { fps: order.framesPerSecond, scale: this.#scale };
  }

  /** Begins to record; resolves when the recording is over. */
  async record(): Promise<void> {
    const heartbeat = setInterval(() => this.#reportAlive(), CAPTURE_HEARTBEAT_MS);
    this.#reportAlive();
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: constraints(this.#applied),
        audio: false,
      });
      const track = stream.getVideoTracks()[0];
      if (!track) throw new DOMException('The stream has no picture.', 'NotFoundError');
      this.#track = track;
      if (this.#order.viaPortal) this.#spareTrack = track.clone();
      await this.#readFrames(track);
      this.#reportLost('Ended', 'The track ended.');
    } catch (error) {
      this.#reportLost(...describe(error));
    } finally {
      clearInterval(heartbeat);
      this.#stopTracks();
    }
  }

  /** Takes a change of how much is wanted. */
  setDemand(demand: RecordingOrder['demand']): void {
    this.#pace.setWatched(demand !== 'unwatched', monotonicMs());
    this.#setTiered(demand === 'tiered');
    this.#followPace();
  }

  /** Takes note that the agent has taken one frame. */
  onTaken(): void {
    this.#credits += 1;
    this.#newestFrame?.onPace();
  }

  /** Does what the agent wants of films, which show each frame as it is captured. */
  performFilm(command: FilmCommand): void {
    this.#films.perform(command);
  }

  async #readFrames(track: MediaStreamTrack): Promise<void> {
    // One frame is kept while another is encoded, and a newer one takes its place: never a queue.
    const processor = new MediaStreamTrackProcessor({ track, maxBufferSize: 1 });
    const reader = processor.readable.getReader();
    const next = this.#order.viaPortal ? this.#takeNewest(reader) : () => readNext(reader);
    for (;;) {
      const frame = await next();
      if (!frame || this.#lost) {
        frame?.close();
        return;
      }
      try {
        if (this.#fitsPreset(frame)) {
          this.#films.begin(track);
          await this.#look(frame);
        } else if (this.#order.viaPortal) {
          // The screen may stand still from now on, and then no other frame comes.
          await this.#lookFitted(frame);
        }
      } finally {
        frame.close();
      }
      this.#followPace();
    }
  }

  /** Keeps the pace that the track of a portal does not keep by itself. */
  #takeNewest(reader: ReadableStreamDefaultReader<VideoFrame>): () => Promise<VideoFrame | null> {
    const { framesPerSecond } = this.#order;
    const newest = new NewestFrame(reader, {
      hasRoom: () => this.#credits > 0,
      // At its full rate, and until there is a picture, each frame is taken as it comes.
      intervalMs: () => {
        const isFull = this.#capturedAtMs === 0 || this.#pace.framesPerSecond === framesPerSecond;
        return isFull ? 0 : 1000 / this.#pace.framesPerSecond;
      },
    });
    this.#newestFrame = newest;
    return () => newest.next();
  }

  async #look(frame: VideoFrame): Promise<void> {
    const capturedAtMs = monotonicMs();
    this.#captures += 1;
    this.#capturedAtMs = capturedAtMs;
    if (this.#credits === 0) return;
    const picture = await this.#encoder.encode(frame, this.#scale.shrink);
    this.#pace.onCapture(picture !== null, capturedAtMs);
    if (picture) {
      this.#credits -= 1;
      // Copied, not transferred: a message with a transferred buffer reaches the main process as null.
      // https://github.com/electron/electron/issues/34905
      this.#send({ type: 'frame', capturedAtMs, ...picture, ...(await this.#shrink(frame, capturedAtMs)) });
    } else {
      this.#unchanged += 1;
    }
  }

  async #lookFitted(frame: VideoFrame): Promise<void> {
    const fitted = fitFrame(frame, this.#order);
    try {
      await this.#look(fitted);
    } finally {
      fitted.close();
    }
  }

  #setTiered(tiered: boolean): void {
    // What it keeps of the last picture goes with it.
    this.#smallEncoder = tiered ? (this.#smallEncoder ?? new TileEncoder(this.#order.jpegQuality)) : null;
  }

  /** The frame in small, if that is wanted and it is time. Frames from a graphics card cannot be averaged. */
  async #shrink(frame: VideoFrame, capturedAtMs: number): Promise<{ small?: Uint8Array<ArrayBuffer> }> {
    const shrink = 2 * this.#scale.shrink;
    const isDue = capturedAtMs - this.#smallAtMs >= SMALL_INTERVAL_MS;
    if (!this.#smallEncoder || !isDue || frame.format !== 'I420' || shrink > MAX_SHRINK) return {};
    this.#smallAtMs = capturedAtMs;
    const picture = await this.#smallEncoder.encode(frame, shrink);
    return picture ? { small: picture.jpeg } : {};
  }

  /**
   * Whether a frame has the size that is wanted. That is planned on a frame as large as the screen, and again when
   * the frames change their size, which says that the screen changed its own.
   */
  #fitsPreset(frame: VideoFrame): boolean {
    const { width: widthPx = 0, height: heightPx = 0 } = frame.visibleRect ?? {};
    if (this.#filming === this.#films.isEmpty) {
      this.#filming = !this.#films.isEmpty;
      if (this.#scalesByMeans) this.#planAnew();
    }
    if (this.#scale === ANY_SCALE) {
      if (this.#applying || this.#applied.scale !== ANY_SCALE) return false;
      const means = planScale({ widthPx, heightPx }, this.#order);
      this.#scalesByMeans = means.shrink > 1;
      // A film is what Chromium sends, and no larger than the preset.
      this.#scale = this.#filming ? { ...this.#order, shrink: 1 } : means;
    }
    if (this.#scale.shrink > 1 && frame.format !== 'I420') {
      // Only this format can be averaged; it comes from wherever Chromium scales on the processor.
      this.#scale = { ...this.#order, shrink: 1 };
    }
    if (widthPx > this.#scale.maxWidthPx || heightPx > this.#scale.maxHeightPx) return false;
    const settled = this.#settledSize;
    if (settled && (settled.widthPx !== widthPx || settled.heightPx !== heightPx)) {
      this.#planAnew();
      return false;
    }
    this.#settledSize = { widthPx, heightPx };
    return true;
  }

  #planAnew(): void {
    this.#scale = ANY_SCALE;
    this.#settledSize = null;
  }

  /** Brings the track to the pace and scale that are wanted, one change at a time; each takes some 20 ms. */
  #followPace(): void {
    const track = this.#track;
    this.#newestFrame?.onPace();
    // The first frame does not wait for the next second, whoever watches.
    const isFull = this.#capturedAtMs === 0 || this.#order.viaPortal;
    const fps = isFull ? this.#order.framesPerSecond : this.#pace.framesPerSecond;
    const wanted = { fps, scale: this.#scale };
    if (!track || this.#applying) return;
    if (wanted.fps === this.#applied.fps && wanted.scale === this.#applied.scale) return;
    this.#applying = true;
    track.applyConstraints(constraints(wanted)).then(
      () => {
        this.#applying = false;
        this.#applied = wanted;
        this.#followPace();
      },
      (error: unknown) => this.#reportLost(...describe(error)),
    );
  }

  #reportAlive(): void {
    this.#send({
      type: 'alive',
      captures: this.#captures,
      unchangedCaptures: this.#unchanged,
      capturedAtMs: this.#capturedAtMs,
    });
    this.#captures = 0;
    this.#unchanged = 0;
  }

  #stopTracks(): void {
    this.#track?.stop();
    this.#spareTrack?.stop();
  }

  #reportLost(name: string, message: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#stopTracks();
    this.#newestFrame?.close();
    this.#send({ type: 'lost', name: name.slice(0, 100), message: message.slice(0, 500) });
  }
}

async function readNext(reader: ReadableStreamDefaultReader<VideoFrame>): Promise<VideoFrame | null> {
  const { done, value } = await reader.read();
  return done ? null : value;
}

/** Chromium scales to fit, keeps the aspect ratio and never scales up, if only the largest size is given. */
function constraints({ fps, scale }: { fps: number; scale: CaptureScale }): MediaTrackConstraints {
  return {
    width: { max: scale.maxWidthPx },
    height: { max: scale.maxHeightPx },
    frameRate: { ideal: fps, max: fps },
  };
}

/** The clock that all processes of a machine share. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function describe(error: unknown): [name: string, message: string] {
  return error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
}
