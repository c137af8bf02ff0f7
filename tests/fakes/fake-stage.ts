import type { ScreenRecord } from '../../src-main/sessions/session-record.ts';
import type { ShareStage } from '../../src-main/sessions/session-registry.ts';
import type { ShareView } from '../../src-main/sessions/session-view.ts';
import { type ErrorCode, PortholeError } from '../../src-shared/errors.ts';

/** A stage without a picture that remembers which shares are on it. */
export class FakeStage implements ShareStage {
  readonly sharing = new Set<string>();
  /** What a start is refused with, if anything. */
  refusal: ErrorCode | null = null;

  assertAvailable(): void {
    if (this.refusal) throw new PortholeError(this.refusal);
  }

  begin(share: ScreenRecord): void {
    if (this.sharing.has(share.sessionId)) throw new Error(`${share.sessionId} is on stage already`);
    this.sharing.add(share.sessionId);
  }

  end(sessionId: string): void {
    this.sharing.delete(sessionId);
  }

  describe(): ShareView {
    return { frameSize: null, capture: { state: 'starting' }, viewers: 0 };
  }
}
