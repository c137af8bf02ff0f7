import type { Writable } from 'node:stream';
import type { ViewerAdmission } from '#shared/access';
import type { NamedViewer } from '#shared/viewer-name';
import type { Clock } from '../clock.ts';
import type { Holder } from '../quota.ts';
import type { StreamFrame } from './frame-hub.ts';
import { LinkPace } from './link-pace.ts';
import { MjpegWriter, type ViewerEnd } from './mjpeg-writer.ts';
import type { PartFraming } from './part-framing.ts';
import { RateMeter } from './rate-meter.ts';
import type { HeldBytes } from './send-queues.ts';
import { TierChoice } from './tier-choice.ts';

/** Who watches, as far as the connection tells. */
export interface ViewerInfo {
  readonly remoteAddress: string;
  /** The `User-Agent` header, cleaned, or null. */
  readonly userAgent: string | null;
  /** What the viewer was let in by; null for a program of the machine's own user. */
  readonly grant: ViewerGrant | null;
  /** On whose account it watches. */
  readonly holder: Holder;
}

/** A viewer as far as that names them, for `nameViewer`. */
export function toNamedViewer({ grant, userAgent, remoteAddress }: NamedInfo): NamedViewer {
  return { name: grant?.name ?? null, isOwn: grant === null, userAgent, address: remoteAddress };
}

/** What of a viewer names them. */
export type NamedInfo = Pick<ViewerInfo, 'grant' | 'userAgent' | 'remoteAddress'>;

/** What a viewer was let in by, such as a view key. */
export interface ViewerGrant {
  readonly admission: Exclude<ViewerAdmission, 'local'>;
  readonly grantId: string;
  /** For the person at the machine: the name of the token or key, or the one that the viewer gave. */
  readonly name: string | null;
}

/** One viewer as others may see it. */
export interface ViewerState extends ViewerInfo {
  readonly viewerId: string;
  readonly sessionId: string;
  /** The stream, or single pictures now and then. */
  readonly takes: 'stream' | 'snapshots';
  /** Wall clock, milliseconds since the epoch. */
  readonly connectedAtMs: number;
  /** Different pictures delivered; repeats of a still one are not counted. */
  readonly frames: number;
  /** Parts delivered, repeats included. */
  readonly parts: number;
  /** Pictures that were superseded before this viewer could take them. */
  readonly drops: number;
  /** Bytes of JPEG delivered. */
  readonly bytes: number;
  readonly framesPerSecond: number;
  /** How old the newest picture was when the whole of it had been handed over; null before the first. */
  readonly frameAgeMs: number | null;
}

/** What a {@link Viewer} needs. */
export interface ViewerOptions {
  readonly viewerId: string;
  readonly sessionId: string;
  readonly info: ViewerInfo;
  readonly output: Writable;
  /** What the system holds back for this viewer, as far as it tells. */
  readonly heldBytes: HeldBytes;
  readonly framing: PartFraming;
  readonly clock: Clock;
  readonly settleMs: number;
  /** Whether small pictures may take the place of whole ones over a slow link. */
  readonly isAdaptive: boolean;
  /** What this viewer needs of the capture has changed. */
  onWish(): void;
  /** A part has left whole; `ageMs` is how old its picture was then, null for a repeat. */
  onDelivered(frame: StreamFrame, ageMs: number | null): void;
  /** Called once; the viewer is to be forgotten then. */
  onEnd(viewer: Viewer, reason: ViewerEnd): void;
}

/** One viewer of one session: its connection and its figures. */
export class Viewer {
  readonly viewerId: string;
  readonly #options: ViewerOptions;
  readonly #connectedAtMs: number;
  readonly #rate: RateMeter;
  readonly #writer: MjpegWriter;
  readonly #tiers: TierChoice | null;
  #frames = 0;
  #parts = 0;
  #drops = 0;
  #bytes = 0;
  #frameAgeMs: number | null = null;

  constructor(options: ViewerOptions) {
    this.viewerId = options.viewerId;
    this.#options = options;
    this.#connectedAtMs = options.clock.wallMs();
    this.#rate = new RateMeter(options.clock);
    const pace = new LinkPace(options.clock, options.heldBytes);
    this.#tiers = options.isAdaptive ? new TierChoice(pace, () => options.onWish()) : null;
    this.#writer = new MjpegWriter({
      output: options.output,
      framing: options.framing,
      clock: options.clock,
      settleMs: options.settleMs,
      pace,
      tiers: this.#tiers,
      observer: {
        onDelivered: (frame, bytes, repeated) => this.#onDelivered(frame, bytes, repeated),
        onDropped: () => {
          this.#drops += 1;
        },
        onEnd: (reason) => options.onEnd(this, reason),
      },
    });
  }

  get holder(): Holder {
    return this.#options.info.holder;
  }

  /** Whether the link is so slow that this viewer takes small pictures while something moves. */
  get wantsSmall(): boolean {
    return this.#tiers?.wantsSmall ?? false;
  }

  /** Shows a picture to this viewer as soon as it has taken the last one, unless a newer comes first. */
  offer(frame: StreamFrame): void {
    this.#writer.offer(frame);
  }

  /**
   * Ends this viewer's stream, with `farewell` as its last picture; `onEnd` hears `reason` at once. Resolves when the
   * viewer has all of it, or never will. Idempotent.
   */
  end(reason: ViewerEnd, farewell: Promise<StreamFrame | null> | null): Promise<void> {
    return this.#writer.end(reason, farewell);
  }

  /** The figures up to now. */
  state(): ViewerState {
    const { viewerId, sessionId, info } = this.#options;
    return {
      ...info,
      viewerId,
      sessionId,
      takes: 'stream',
      connectedAtMs: this.#connectedAtMs,
      frames: this.#frames,
      parts: this.#parts,
      drops: this.#drops,
      bytes: this.#bytes,
      framesPerSecond: this.#rate.perSecond(),
      frameAgeMs: this.#frameAgeMs,
    };
  }

  #onDelivered(frame: StreamFrame, bytes: number, repeated: boolean): void {
    this.#parts += 1;
    this.#bytes += bytes;
    let ageMs: number | null = null;
    if (!repeated) {
      ageMs = this.#options.clock.monotonicMs() - frame.capturedAtMs;
      this.#frames += 1;
      this.#frameAgeMs = ageMs;
      this.#rate.add();
    }
    this.#options.onDelivered(frame, ageMs);
  }
}
