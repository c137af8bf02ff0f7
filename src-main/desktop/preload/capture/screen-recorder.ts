import {
  CAPTURE_FRAME_CREDITS,
  CAPTURE_HEARTBEAT_MS,
  type CaptureCommand,
  type CaptureReport,
} from '#shared/capture-messages';
import { CapturePace } from './capture-pace.ts';
import { StripeEncoder } from './stripe-encoder.ts';

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
  readonly #encoder: StripeEncoder;
  readonly #pace: CapturePace;
  #track: MediaStreamTrack | null = null;
  #appliedFps: number;
  #applying = false;
  #credits = CAPTURE_FRAME_CREDITS;
  #captures = 0;
  #unchanged = 0;
  #capturedAtMs = 0;
  #lost = false;

  constructor(order: RecordingOrder, send: SendReport) {
    this.#order = order;
    this.#send = send;
    this.#encoder = new StripeEncoder(order.jpegQuality);
    this.#pace = new CapturePace(order.framesPerSecond, order.watched, monotonicMs());
    this.#appliedFps = this.#pace.framesPerSecond;
  }

  /** Begins to record; resolves when the recording is over. */
  async record(): Promise<void> {
    const heartbeat = setInterval(() => this.#reportAlive(), CAPTURE_HEARTBEAT_MS);
    this.#reportAlive();
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: this.#constraints(this.#appliedFps),
        audio: false,
      });
      const track = stream.getVideoTracks()[0];
      if (!track) throw new DOMException('The stream has no picture.', 'NotFoundError');
      this.#track = track;
      // Who watches may have changed while the capture was being started.
      this.#followPace();
      await this.#readFrames(track);
      this.#reportLost('Ended', 'The track ended.');
    } catch (error) {
      this.#reportLost(...describe(error));
    } finally {
      clearInterval(heartbeat);
      this.#track?.stop();
    }
  }

  /** Takes a change of whether anybody watches. */
  setWatched(watched: boolean): void {
    this.#pace.setWatched(watched, monotonicMs());
    this.#followPace();
  }

  /** Takes note that the agent has taken one frame. */
  onTaken(): void {
    this.#credits += 1;
  }

  async #readFrames(track: MediaStreamTrack): Promise<void> {
    // One frame is kept while another is encoded, and a newer one takes its place: never a queue.
    const processor = new MediaStreamTrackProcessor({ track, maxBufferSize: 1 });
    const reader = processor.readable.getReader();
    for (;;) {
      const { done, value: frame } = await reader.read();
      if (done || this.#lost) {
        frame?.close();
        return;
      }
      this.#captures += 1;
      this.#capturedAtMs = monotonicMs();
      try {
        if (this.#credits > 0) await this.#sendIfChanged(frame);
      } finally {
        frame.close();
      }
      this.#followPace();
    }
  }

  async #sendIfChanged(frame: VideoFrame): Promise<void> {
    const capturedAtMs = this.#capturedAtMs;
    const picture = await this.#encoder.encode(frame);
    this.#pace.onCapture(picture !== null, capturedAtMs);
    if (picture) {
      this.#credits -= 1;
      // Copied, not transferred: a message with a transferred buffer reaches the main process as null.
      // https://github.com/electron/electron/issues/34905
      this.#send({ type: 'frame', capturedAtMs, ...picture });
    } else {
      this.#unchanged += 1;
    }
  }

  /** Brings the track to the pace's rate, one change at a time. Chromium takes some 20 ms for each. */
  #followPace(): void {
    const track = this.#track;
    const framesPerSecond = this.#pace.framesPerSecond;
    if (!track || this.#applying || framesPerSecond === this.#appliedFps) return;
    this.#applying = true;
    track.applyConstraints(this.#constraints(framesPerSecond)).then(
      () => {
        this.#applying = false;
        this.#appliedFps = framesPerSecond;
        this.#followPace();
      },
      (error: unknown) => this.#reportLost(...describe(error)),
    );
  }

  /** Chromium scales to fit, keeps the aspect ratio and never scales up, if only the largest size is given. */
  #constraints(framesPerSecond: number): MediaTrackConstraints {
    return {
      width: { max: this.#order.maxWidthPx },
      height: { max: this.#order.maxHeightPx },
      frameRate: { ideal: framesPerSecond, max: framesPerSecond },
    };
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

  #reportLost(name: string, message: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#track?.stop();
    this.#send({ type: 'lost', name: name.slice(0, 100), message: message.slice(0, 500) });
  }
}

/** The clock that all processes of a machine share. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function describe(error: unknown): [name: string, message: string] {
  return error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
}
