import type { ScreenRecord } from '../../src-main/sessions/session-record.ts';
import type { ShareView } from '../../src-main/sessions/session-view.ts';
import type { ShareStage } from '../../src-main/sessions/share-stage.ts';
import { type ErrorCode, PortholeError } from '../../src-shared/errors.ts';

/** A stage without a picture that remembers which shares are on it. */
export class FakeStage implements ShareStage {
  readonly sharing = new Set<string>();
  readonly paused = new Set<string>();
  /** Each share as it was last put on stage or changed. */
  readonly shown = new Map<string, ScreenRecord>();
  /** What a start is refused with, if anything. */
  refusal: ErrorCode | null = null;
  /** What a start that wants to be recorded is refused with, if anything. */
  recordingRefusal: ErrorCode | null = null;
  /** The shares that were to be recorded from their start. */
  readonly recorded: string[] = [];

  assertAvailable(): void {
    if (this.refusal) throw new PortholeError(this.refusal);
  }

  assertRecordable(): void {
    if (this.recordingRefusal) throw new PortholeError(this.recordingRefusal);
  }

  record(share: ScreenRecord): void {
    this.recorded.push(share.sessionId);
  }

  begin(share: ScreenRecord): void {
    if (this.sharing.has(share.sessionId)) throw new Error(`${share.sessionId} is on stage already`);
    this.sharing.add(share.sessionId);
    this.shown.set(share.sessionId, share);
  }

  update(share: ScreenRecord): void {
    this.shown.set(share.sessionId, share);
  }

  setPaused(sessionId: string, paused: boolean): void {
    if (paused) this.paused.add(sessionId);
    else this.paused.delete(sessionId);
  }

  end(sessionId: string): void {
    this.sharing.delete(sessionId);
  }

  describe(sessionId: string): ShareView {
    const paused = this.paused.has(sessionId);
    return { frameSize: null, capture: { state: 'starting' }, paused, viewers: 0, recording: null };
  }
}
