import type { Clock } from '../clock.ts';
import type { Holder } from '../quota.ts';
import type { ViewerEnd } from './mjpeg-writer.ts';
import { RateMeter } from './rate-meter.ts';
import type { CapturedFrame } from './screen-source.ts';
import type { ViewerInfo, ViewerState } from './viewer.ts';

/** Whoever has not asked for a picture for so long does not watch any more. */
const GONE_AFTER_MS = 30_000;

/** What a {@link SnapshotViewer} needs. */
export interface SnapshotViewerOptions {
  readonly viewerId: string;
  readonly sessionId: string;
  readonly info: ViewerInfo;
  readonly clock: Clock;
  /** A picture is on its way, `ageMs` old. */
  onPicture(ageMs: number): void;
  /** Called once; the viewer is to be forgotten then. */
  onEnd(viewer: SnapshotViewer, reason: ViewerEnd): void;
}

/**
 * Somebody who takes single pictures of a session: a viewer like one of the stream, to be seen and sent away by the
 * person at the machine, until no picture has been asked for in a while.
 */
export class SnapshotViewer {
  readonly viewerId: string;
  readonly #options: SnapshotViewerOptions;
  readonly #connectedAtMs: number;
  readonly #rate: RateMeter;
  #pictures = 0;
  #bytes = 0;
  #frameAgeMs: number | null = null;
  #ended = false;
  #cancelEnd: () => void = () => {};

  constructor(options: SnapshotViewerOptions) {
    this.viewerId = options.viewerId;
    this.#options = options;
    this.#connectedAtMs = options.clock.wallMs();
    this.#rate = new RateMeter(options.clock);
    this.noteRequest();
  }

  get holder(): Holder {
    return this.#options.info.holder;
  }

  /** Whether this viewer was sent away, the session ended, or no picture was asked for in a while. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Whether this is who `info` tells of: the same grant, from the same place. */
  is(info: ViewerInfo): boolean {
    const { remoteAddress, grant } = this.#options.info;
    return remoteAddress === info.remoteAddress && grant?.grantId === info.grant?.grantId;
  }

  /** Takes note that a picture was asked for. */
  noteRequest(): void {
    this.#cancelEnd();
    this.#cancelEnd = this.#options.clock.after(GONE_AFTER_MS, () => this.end('left'));
  }

  /** Takes note that a picture of `frame` is on its way, `bytes` long. */
  notePicture(frame: CapturedFrame, bytes: number): void {
    this.#pictures += 1;
    this.#bytes += bytes;
    const ageMs = this.#options.clock.monotonicMs() - frame.capturedAtMs;
    this.#frameAgeMs = ageMs;
    this.#rate.add();
    this.#options.onPicture(ageMs);
  }

  /** Ends this viewer; `onEnd` hears `reason`. Idempotent. */
  end(reason: ViewerEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelEnd();
    this.#options.onEnd(this, reason);
  }

  /** The figures up to now. */
  state(): ViewerState {
    const { viewerId, sessionId, info } = this.#options;
    return {
      ...info,
      viewerId,
      sessionId,
      takes: 'snapshots',
      connectedAtMs: this.#connectedAtMs,
      frames: this.#pictures,
      parts: this.#pictures,
      drops: 0,
      bytes: this.#bytes,
      framesPerSecond: this.#rate.perSecond(),
      frameAgeMs: this.#frameAgeMs,
    };
  }
}
