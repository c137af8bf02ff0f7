import type { FrameSize, Quality } from '#shared/presets';

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
  /** When the picture was taken, on the monotonic clock, in milliseconds. */
  readonly capturedAtMs: number;
}

/**
 * What a capture is doing. `live` comes right before the first frame, also before the first after a recovery, and
 * a frame comes right after it even if the screen looks as it did; `recovering` lasts from the loss of the picture
 * until then; `failed` keeps retrying, ever more slowly. `message` is a sentence for the person who looks at the
 * stream.
 */
export type CaptureStatus =
  | { readonly state: 'starting' }
  | { readonly state: 'live' }
  | { readonly state: 'recovering'; readonly message: string }
  | { readonly state: 'failed'; readonly message: string };

/** Where a capture reports to. Never called after `close()` of its capture has been called. */
export interface CaptureObserver {
  onFrame(frame: CapturedFrame): void;
  /** The screen was captured `captures` more times, last at `capturedAtMs` (monotonic), and looks as it did. */
  onUnchanged(captures: number, capturedAtMs: number): void;
  onStatus(status: CaptureStatus): void;
}

/**
 * `watched` captures at the preset's full rate, `unwatched` at about one frame per second. A capture begins
 * `unwatched`; a change to `watched` brings a frame of the screen as it is then, or `onUnchanged`, within 100 ms.
 */
export type CaptureDemand = 'watched' | 'unwatched';

/** A running capture of one source at one preset. It recovers by itself until it is closed. */
export interface ScreenCapture {
  setDemand(demand: CaptureDemand): void;
  /** Ends the capture and releases its window. Idempotent. */
  close(): void;
}

/** Where pictures of the screen come from; implemented by the desktop. */
export interface ScreenSource {
  /**
   * Throws `no_screen` or `screen_permission_denied` if a capture could not start now. Answers from what is
   * known at once, without opening anything, so that a start can be refused before it has any effect.
   */
  assertAvailable(): void;
  /** Begins to capture; the first frame arrives later through `observer`. Never throws. */
  open(request: CaptureRequest, observer: CaptureObserver): ScreenCapture;
}
