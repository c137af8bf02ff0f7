import type { FrameSize, Quality } from '#shared/presets';
import type { CaptureStatus } from './screen-source.ts';
import type { ViewerState } from './viewer.ts';

/** What a session's picture is doing: as its capture does, or paused; then `message` says why, unless somebody chose so. */
export type StreamStatus = CaptureStatus | { readonly state: 'paused'; readonly message?: string };

/** Why a session is paused: somebody chose so, or this machine's screen is locked. One does not undo the other. */
export type PauseCause = 'choice' | 'lock';

/** A session's stream in figures. */
export interface StreamState {
  readonly sessionId: string;
  readonly sourceId: string | null;
  readonly quality: Quality;
  /** When these figures were so: wall clock, milliseconds since the epoch. */
  readonly atMs: number;
  readonly status: StreamStatus;
  /** Whether somebody chose to pause it; a locked screen pauses it besides. */
  readonly paused: boolean;
  /** The size of the newest frame of the screen, or null before the first. */
  readonly frameSize: FrameSize | null;
  /** Captures of the screen since the session began, those that looked as the one before included. */
  readonly framesCaptured: number;
  readonly capturesPerSecond: number;
  /** How long ago the screen was last looked at; null while it cannot be seen. */
  readonly frameAgeMs: number | null;
  /** Sums over all viewers, those that left included. */
  readonly framesDelivered: number;
  readonly bytesDelivered: number;
  readonly framesDropped: number;
  readonly viewers: readonly ViewerState[];
}
