import type { StreamFrame } from './frame-hub.ts';
import type { LinkPace } from './link-pace.ts';

/** A picture that takes longer than this over a link is sent in small while others follow it. */
const SLOW_MS = 250;
/** Less than this, and the whole picture is sent again: well below, so that the two do not alternate. */
const FAST_MS = 120;
/** No small picture for so long: the screen is at rest, and there is time for the whole one. */
const REST_MS = 300;

/** A picture as it goes to one viewer: `jpeg` is all of it, or the same in small. */
export interface TieredPicture {
  readonly frame: StreamFrame;
  readonly jpeg: Buffer;
  readonly isSmall: boolean;
}

/** What to send next, or nothing before the time `againAtMs`. */
export type TierDecision = TieredPicture | { readonly againAtMs: number };

/**
 * Chooses for one viewer between a picture and the same in small. Over a link on which a whole picture takes long,
 * small ones show what moves, several in the time of one; when nothing moves any more the whole one follows.
 */
export class TierChoice {
  readonly #pace: LinkPace;
  readonly #onWish: () => void;
  #wantsSmall = false;
  #newestSmall: (StreamFrame & { readonly small: Buffer }) | null = null;
  #smallAtMs = Number.NEGATIVE_INFINITY;
  #sentSequence = 0;

  /** `onWish` is called when {@link wantsSmall} has changed. */
  constructor(pace: LinkPace, onWish: () => void) {
    this.#pace = pace;
    this.#onWish = onWish;
  }

  /** Whether this viewer needs small pictures. */
  get wantsSmall(): boolean {
    return this.#wantsSmall;
  }

  /** Takes note of a new picture. */
  offer(frame: StreamFrame, nowMs: number): void {
    if (frame.small) {
      this.#newestSmall = { ...frame, small: frame.small };
      this.#smallAtMs = nowMs;
    } else if (frame.kind === 'slate') {
      this.#newestSmall = null;
      this.#smallAtMs = Number.NEGATIVE_INFINITY;
    }
  }

  /** What to send now that there is room for `frame`, the newest, or the last one again. */
  choose(frame: StreamFrame, nowMs: number): TierDecision {
    const wantsSmall = this.#pace.transferMs(frame.jpeg.length) > (this.#wantsSmall ? FAST_MS : SLOW_MS);
    if (wantsSmall !== this.#wantsSmall) {
      this.#wantsSmall = wantsSmall;
      this.#onWish();
    }
    const small = this.#newestSmall;
    if (wantsSmall && small && small.sequence > this.#sentSequence) {
      this.#sentSequence = small.sequence;
      return { frame: small, jpeg: small.small, isSmall: true };
    }
    // A small one is due at any moment while the picture moves.
    const restsAtMs = this.#smallAtMs + REST_MS;
    if (wantsSmall && nowMs < restsAtMs) return { againAtMs: restsAtMs };
    this.#sentSequence = frame.sequence;
    return { frame, jpeg: frame.jpeg, isSmall: false };
  }
}
