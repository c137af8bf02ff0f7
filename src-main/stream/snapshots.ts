import { PortholeError } from '#shared/errors';
import type { Clock } from '../clock.ts';
import { type Holder, hasRoom, type Quota } from '../quota.ts';
import type { PictureMaker, PictureWish } from './picture.ts';
import type { CapturedFrame } from './screen-source.ts';

/** Pictures that may be made or wait for it: more would be stale before they are there. */
const QUOTA: Quota = { others: 8, perHolder: 4, reserved: 4 };
/** Different pictures of one frame that are kept for whoever asks for the same. */
const MAX_KEPT = 4;

/** What a picture is made of. */
type StillFrame = Pick<CapturedFrame, 'jpeg' | 'widthPx'>;

interface Job {
  readonly key: string;
  readonly picture: Promise<Buffer>;
}

/**
 * Turns frames into the pictures that people ask for, one at a time and with as much rest in between, so that however
 * many ask cost half a processor at most. Whoever wants of a frame what somebody else wants too, or what was made of it
 * last, gets the same bytes.
 */
export class Snapshots {
  readonly #maker: PictureMaker;
  readonly #clock: Clock;
  /** By frame: what was made of it, or is being made. A frame that nobody holds takes its pictures along. */
  readonly #made = new WeakMap<Buffer, Job[]>();
  #last: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Set<{ readonly holder: Holder }>();

  constructor(maker: PictureMaker, clock: Clock) {
    this.#maker = maker;
    this.#clock = clock;
  }

  /**
   * A picture of a frame as wished for; its own bytes where that is what is wanted. Rejects with `too_many_snapshots` if
   * too many others wait, or of the same `holder`.
   */
  async take(frame: StillFrame, wish: PictureWish, holder: Holder): Promise<Buffer> {
    const { jpeg } = frame;
    const widthPx = wish.widthPx !== null && wish.widthPx < frame.widthPx ? wish.widthPx : null;
    const { format, quality } = wish;
    if (widthPx === null && format === 'jpeg' && quality === null) return jpeg;
    const key = JSON.stringify([widthPx, format, quality]);
    const jobs = this.#made.get(jpeg) ?? [];
    const known = jobs.find((job) => job.key === key);
    if (known) return known.picture;
    const holders = [...this.#waiting].map((each) => each.holder);
    if (!hasRoom(QUOTA, holders, holder))
      throw new PortholeError('too_many_snapshots', undefined, { retryAfterSeconds: 1 });
    const picture = this.#queue(holder, () => this.#maker.make(jpeg, { widthPx, format, quality }));
    this.#made.set(jpeg, [...jobs.slice(1 - MAX_KEPT), { key, picture }]);
    picture.catch(() => this.#made.delete(jpeg));
    return picture;
  }

  #queue(holder: Holder, make: () => Promise<Buffer>): Promise<Buffer> {
    const job = { holder };
    this.#waiting.add(job);
    let startedAtMs = 0;
    const made = this.#last
      .then(() => {
        startedAtMs = this.#clock.monotonicMs();
        return make();
      })
      .finally(() => {
        this.#waiting.delete(job);
      });
    const rest = (): Promise<void> =>
      new Promise((resolve) => {
        this.#clock.after(this.#clock.monotonicMs() - startedAtMs, resolve);
      });
    this.#last = made.then(rest, rest);
    return made;
  }
}
