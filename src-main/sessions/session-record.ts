import type { Quality } from '#shared/presets';
import type { SafetyMode, SessionStatus } from '#shared/sessions';
import type { SharedSource } from '#shared/sources';

/** What is kept of a session of either type; a record never changes, a new one takes its place. */
export interface CommonRecord {
  readonly sessionId: string;
  readonly userId: string;
  readonly metadata: Record<string, unknown>;
  /** Where the start came from: an address, or `this machine`. */
  readonly origin: string;
  /** The token that it was started with, or null if the person at the machine started it. */
  readonly owner: string | null;
  /** Wall clock, milliseconds since the epoch; so are all other `…AtMs` here. */
  readonly startedAtMs: number;
  readonly status: SessionStatus;
  /** Set if its start had to be approved. */
  readonly approvalId: string | null;
  readonly expiresAtMs: number | null;
  readonly lastActivityAtMs: number;
  /** Measured on the monotonic clock; final once the session has ended. */
  readonly durationSeconds: number;
  readonly stoppedAtMs: number | null;
  readonly stopReason: string | null;
}

/** A remote access session as it is kept. */
export interface RemoteRecord extends CommonRecord {
  readonly type: 'remote_access';
  readonly safetyMode: SafetyMode;
  readonly commandsExecuted: number;
}

/** A screen share as it is kept. */
export interface ScreenRecord extends CommonRecord {
  readonly type: 'screen_share';
  readonly quality: Quality;
  readonly source: SharedSource;
  /** Whether it is to be recorded from its start. */
  readonly isRecorded: boolean;
  readonly framesCaptured: number;
}

/** Everything that is kept of one session, live or ended. */
export type SessionRecord = RemoteRecord | ScreenRecord;
