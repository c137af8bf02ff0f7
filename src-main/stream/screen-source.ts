import type { CAPTURE_DEMANDS } from '#shared/capture-messages';
import type { FrameSize, Quality } from '#shared/presets';
import type { ShareSource } from '#shared/sources';

/** What to capture. Captures with equal requests show the same picture and can be shared. */
export interface CaptureRequest {
  /** A source's id as the platform names it, or null for the primary screen. */
  readonly sourceId: string | null;
  readonly quality: Quality;
}

/** One encoded picture of the screen. */
export interface CapturedFrame extends FrameSize {
  /** A complete JPEG, never written to again. */
  readonly jpeg: Buffer;
  /** The same half as wide and high, as a JPEG of its own; now and then while the demand is `tiered`. */
  readonly small?: Buffer;
  /** When the picture was taken, on the monotonic clock, in milliseconds. */
  readonly capturedAtMs: number;
}

/**
 * What a capture is doing. `live` comes right before the first frame, also before the first after a recovery, and
 * a frame comes right after it even if the screen looks as it did; `recovering` lasts from the loss of the picture
 * until then; `failed` keeps retrying, ever more slowly. `hidden` lasts for as long as a window is minimised or on
 * another workspace; `gone` is the end of what was captured, and nothing comes after it. `message` is a sentence for the person who looks at the
 * stream.
 */
export type CaptureStatus =
  | { readonly state: 'starting' }
  | { readonly state: 'live' }
  | { readonly state: 'recovering'; readonly message: string }
  | { readonly state: 'failed'; readonly message: string }
  | { readonly state: 'hidden'; readonly message: string }
  | { readonly state: 'gone'; readonly message: string };

/**
 * Whether a window is to be seen. It is `elsewhere` while it is on another workspace alone, and `hidden` when it was
 * minimised or closed, which look alike.
 */
export type WindowSight = 'seen' | 'elsewhere' | 'hidden';

/** Where a capture reports to. Never called after `close()` of its capture has been called. */
export interface CaptureObserver {
  onFrame(frame: CapturedFrame): void;
  /** The screen was captured `captures` more times, last at `capturedAtMs` (monotonic), and looks as it did. */
  onUnchanged(captures: number, capturedAtMs: number): void;
  onStatus(status: CaptureStatus): void;
}

/**
 * `watched` captures at the preset's full rate, `unwatched` at about one frame per second; `tiered` as `watched`, with
 * small pictures besides, at most about 15 per second and none where that would cost too much. A capture begins
 * `unwatched`; a change from that brings a frame of the screen as it is then, or `onUnchanged`, within 100 ms.
 */
export type CaptureDemand = (typeof CAPTURE_DEMANDS)[number];

/**
 * Where a film of a capture goes. A film is WebM as Chromium records it; each time the capture begins anew, so does the
 * stream, with a header and a key frame and its times from zero.
 */
export interface FilmSink {
  /** A new stream begins. */
  onStream(): void;
  /** The next bytes of the stream, never written to again. `taken` is to be called when they have been dealt with. */
  onPiece(bytes: Buffer, taken: () => void): void;
  /** The film is over, by itself or as it was told to; `fault` is a clause for people, null if nothing went wrong. */
  onEnd(fault: string | null): void;
}

/** A film that is being taken. */
export interface Film {
  /** The time in which it is paused is left out of it. */
  setPaused(paused: boolean): void;
  /** Ends it; what has been filmed still comes, and then `onEnd`. Idempotent. */
  end(): void;
}

/** A running capture of one source at one preset. It recovers by itself until it is closed. */
export interface ScreenCapture {
  setDemand(demand: CaptureDemand): void;
  /** Films what is captured from now on, through losses of the picture too, at the rate of the capture's demand. */
  film(sink: FilmSink, paused: boolean): Film;
  /** Ends the capture and releases its window. Films end with it, at once and without a word. Idempotent. */
  close(): void;
}

/** A screen or window that can be captured; `name` is as some other program wrote it. */
export type ListedSource = Omit<ShareSource, 'thumbnail_url'>;

/** What can be captured, and what each of them looks like in small. */
export interface SourceListing {
  readonly sources: readonly ListedSource[];
  /** A JPEG of a source by its id; null where the platform gives no picture of it. */
  thumbnail(sourceId: string): Buffer | null;
}

/** Where pictures of the screen come from; implemented by the desktop. */
export interface ScreenSource {
  /**
   * Throws `no_screen`, `portal_unavailable` or `screen_permission_denied` if a capture could not start now. Answers from what is
   * known at once, without opening anything, so that a start can be refused before it has any effect.
   */
  assertAvailable(): void;
  /**
   * The screens, primary first, and the windows that can be captured now, without the agent's own; with pictures at
   * most as large as `thumbnail`, or without any. Rejects where the system cannot say.
   */
  list(thumbnail: FrameSize | null): Promise<SourceListing>;
  /** Tells each time that the {@link WindowSight} of a window changes, until the returned function is called. It is taken to be `seen` now. */
  watchWindow(windowId: string, onSight: (sight: WindowSight) => void): () => void;
  /** Begins to capture; the first frame arrives later through `observer`. Never throws. */
  open(request: CaptureRequest, observer: CaptureObserver): ScreenCapture;
}
