import type { FrameSize } from '#shared/presets';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { CapturedFrame } from './screen-source.ts';
import { renderSlate } from './slate.ts';
import type { StreamStatus } from './stream-state.ts';

/** What a session may be doing while its viewers cannot see the screen. */
type PicturelessStatus = Exclude<StreamStatus, { state: 'live' }>;

// A capture that starts or recovers as fast as it should shows no slate: a flash of one would only startle.
const SLATE_AFTER_MS = {
  starting: 1000,
  recovering: 500,
  failed: 0,
  paused: 0,
  hidden: 500,
  gone: 0,
} as const;

/** What a {@link StatusSlates} needs. */
export interface StatusSlatesOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessionId: string;
  /** How large a slate is to be. */
  frameSize(): FrameSize;
  /** A slate is to be shown now. */
  onSlate(slate: CapturedFrame): void;
}

/** Sees to it that viewers are told why there is no picture, unless there is one again soon. */
export class StatusSlates {
  readonly #options: StatusSlatesOptions;
  #shown: PicturelessStatus | null = null;
  #cancel: () => void = () => {};

  constructor(options: StatusSlatesOptions) {
    this.#options = options;
  }

  /** Tells of `status` when it has lasted long enough, unless it is cleared by then. */
  show(status: PicturelessStatus): void {
    this.clear();
    this.#shown = status;
    this.#cancel = this.#options.clock.after(SLATE_AFTER_MS[status.state], () => void this.#publish(status));
  }

  /** There is nothing to tell (any more). */
  clear(): void {
    this.#cancel();
    this.#shown = null;
  }

  /** A slate that says `text`, or null if it could not be painted, which is logged. */
  async render(text: string): Promise<CapturedFrame | null> {
    const { clock, logger, sessionId, frameSize } = this.#options;
    const size = frameSize();
    try {
      return { ...size, jpeg: await renderSlate(text, size), capturedAtMs: clock.monotonicMs() };
    } catch (error) {
      logger.error({ err: error, sessionId }, 'no slate');
      return null;
    }
  }

  async #publish(status: PicturelessStatus): Promise<void> {
    const slate = await this.render(textOf(status));
    // The picture may have come back, or something else happened, while this one was being painted.
    if (slate && this.#shown === status) this.#options.onSlate(slate);
  }
}

function textOf(status: PicturelessStatus): string {
  if (status.state === 'starting') return 'Starting the screen share…';
  if (status.state === 'paused') return status.message ?? 'The screen share is paused.';
  return status.message;
}
