import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Clock } from '../clock.ts';
import { formatCaptureTime } from './capture-time.ts';
import type { StreamFrame } from './frame-hub.ts';
import type { LinkPace } from './link-pace.ts';
import type { PartFraming } from './part-framing.ts';
import type { TierChoice, TieredPicture } from './tier-choice.ts';

/**
 * How much of a frame is handed to the socket at once: the granularity in which progress is seen. Nearly every frame
 * fits, because each further slice costs a fast viewer another turn of the event loop.
 */
const SLICE_BYTES = 256 * 1024;
/** A viewer that takes not even a slice for so long is gone, though its connection may not know it yet. */
const STALL_MS = 10_000;
/** A still picture is sent again this often: proof to both sides that the other is there. */
const KEEP_ALIVE_MS = 1000;
/** How long a viewer may take for the rest of a part, its last picture and the end: it is to be over within a second. */
const LINGER_MS = 800;

/** How often to look whether a viewer that lags has caught up. */
const CATCH_UP_MS = 50;

/** Why a viewer's stream ended: the viewer left, took nothing for 10 s, was sent away, or the share ended. */
export type ViewerEnd = 'left' | 'stalled' | 'kicked' | 'ended';

/** Told what a writer achieved. `onEnd` comes once, after which nothing else does. */
export interface MjpegWriterObserver {
  /** One part has left for the viewer whole. `repeated` if it was sent before. */
  onDelivered(frame: StreamFrame, bytes: number, repeated: boolean): void;
  /** A picture was superseded by a newer one before the viewer could take it. */
  onDropped(frame: StreamFrame): void;
  onEnd(reason: ViewerEnd): void;
}

/** What an {@link MjpegWriter} needs. */
export interface MjpegWriterOptions {
  /** Where the bytes go; the writer ends or destroys it. */
  readonly output: Writable;
  readonly framing: PartFraming;
  readonly clock: Clock;
  /** How long after the last new picture it is sent once more, see {@link MjpegWriter}. */
  readonly settleMs: number;
  /** What is known of the viewer's link. */
  readonly pace: LinkPace;
  /** Chooses between whole and small pictures; null for a viewer that is to have whole ones alone. */
  readonly tiers: TierChoice | null;
  readonly observer: MjpegWriterObserver;
}

/**
 * Starts an endless answer of JPEG parts, of this type, on `response` and returns it as the place to write them to. Sent without
 * chunks, because every part has its length: the connection ends with the stream.
 */
export function beginMjpegResponse(response: ServerResponse, type: string): Writable {
  response.useChunkedEncodingByDefault = false;
  response.shouldKeepAlive = false;
  response.socket?.setNoDelay(true);
  response.socket?.setTimeout(0);
  response.writeHead(200, {
    'Content-Type': type,
    Vary: 'Accept, User-Agent',
    'Cache-Control': 'no-store, no-cache, must-revalidate, no-transform, max-age=0',
    Pragma: 'no-cache',
    Expires: '0',
    Connection: 'close',
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
  return response;
}

/**
 * Sends one viewer the newest picture, again and again. While a part is still being sent further pictures only
 * replace each other, so that a slow viewer skips some, is never behind by more than one, and costs one picture
 * of memory.
 *
 * Behind a link that is slower than the stream, the next picture is chosen only when the last has nearly left the
 * system's own buffers, so that what arrives is never old.
 *
 * Where small pictures may stand in for whole ones ({@link TierChoice}), the whole one follows when nothing moves.
 *
 * What the framing says ends a part is written right after each picture, for players that wait for it. WebKit stays
 * one picture behind nevertheless: so, where the framing says so, the last new picture is sent a second time after
 * `settleMs`. From then on it comes about once per second.
 */
export class MjpegWriter {
  readonly #output: Writable;
  readonly #framing: PartFraming;
  readonly #clock: Clock;
  readonly #settleMs: number;
  readonly #pace: LinkPace;
  readonly #tiers: TierChoice | null;
  readonly #observer: MjpegWriterObserver;

  /** `closing` while the viewer may still take the end of the stream; the observer has heard of it by then. */
  #state: 'open' | 'closing' | 'closed' = 'open';
  /** What is still to be sent of the last picture of all, while the stream is closing. */
  #farewell: StreamFrame[] | 'awaited' = [];
  #ended: Promise<void> | null = null;
  #sending: TieredPicture | null = null;
  #waiting: StreamFrame | null = null;
  #begunAtMs = Number.NEGATIVE_INFINITY;
  /** When to look again at a viewer that lags or is not to be sent more yet; what is to be sent next is chosen then. */
  #lookAgainAtMs: number | null = null;
  /** Whether that is because a small picture is due, or else to be sent the whole one. */
  #awaitsSmall = false;
  #arrivedBytes = 0;
  #sent: TieredPicture | null = null;
  #sentAtMs = 0;
  #repeated = false;
  #progressAtMs = 0;
  #timerDueMs = Number.POSITIVE_INFINITY;
  #cancelTimer: () => void = () => {};

  constructor(options: MjpegWriterOptions) {
    this.#output = options.output;
    this.#framing = options.framing;
    this.#clock = options.clock;
    this.#settleMs = options.settleMs;
    this.#pace = options.pace;
    this.#tiers = options.tiers;
    this.#observer = options.observer;
    this.#output.once('close', this.#onClose);
    this.#output.on('error', this.#onClose);
    this.#output.write(this.#framing.preamble);
    // A viewer that left before it was answered has closed already and will not say so again.
    if (this.#output.destroyed) this.#onClose();
  }

  /** Takes a new picture: sends it, or keeps it as the next to be sent. */
  offer(frame: StreamFrame): void {
    if (this.#state !== 'open') return;
    if (this.#waiting) this.#observer.onDropped(this.#waiting);
    this.#waiting = frame;
    this.#tiers?.offer(frame, this.#clock.monotonicMs());
    const isAwaited = this.#lookAgainAtMs === null || (this.#awaitsSmall && frame.small !== undefined);
    if (!this.#sending && isAwaited) this.#sendNext(frame);
  }

  /**
   * Ends the stream as the format wants it, so that browsers keep the last picture and players stop. That picture is
   * `farewell`, if there is one. Whoever has not taken the end within 800 ms is cut off. The observer hears `reason` at
   * once; resolves when all has been handed over, or never will be. Idempotent.
   */
  end(reason: ViewerEnd, farewell: Promise<StreamFrame | null> | null): Promise<void> {
    this.#ended ??= this.#end(reason, farewell);
    return this.#ended;
  }

  async #end(reason: ViewerEnd, farewell: Promise<StreamFrame | null> | null): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'closing';
    this.#waiting = null;
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(LINGER_MS, () => this.#output.destroy());
    if (farewell) {
      this.#farewell = 'awaited';
      void farewell.catch(() => null).then((frame) => this.#takeFarewell(frame));
    }
    this.#endSoon();
    this.#observer.onEnd(reason);
    await finished(this.#output, { readable: false }).catch(() => {});
  }

  #takeFarewell(frame: StreamFrame | null): void {
    if (this.#state !== 'closing') return;
    const times = this.#framing.needsRepeat ? 2 : 1;
    this.#farewell = frame ? Array.from({ length: times }, () => frame) : [];
    this.#endSoon();
  }

  /** Sends what is still to be sent before the end, or the end. */
  #endSoon(): void {
    if (this.#state !== 'closing' || this.#sending || this.#farewell === 'awaited') return;
    const frame = this.#farewell.shift();
    if (frame) this.#send(wholePicture(frame));
    else this.#output.end(this.#framing.end);
  }

  /** Sends a new picture, or the last one again; to a viewer that lags, the newest one as soon as it does not. */
  #sendNext(frame: StreamFrame): void {
    const now = this.#clock.monotonicMs();
    this.#awaitsSmall = false;
    if (this.#pace.lags()) {
      if (this.#lookAgainAtMs === null || this.#pace.arrivedBytes > this.#arrivedBytes)
        this.#progressAtMs = now;
      this.#arrivedBytes = this.#pace.arrivedBytes;
      this.#lookAgainAtMs = now + CATCH_UP_MS;
      this.#wakeAt(this.#lookAgainAtMs);
      return;
    }
    const soonestMs = this.#begunAtMs + this.#framing.leastGapMs;
    if (now < soonestMs) {
      this.#lookAgainAtMs = soonestMs;
      this.#wakeAt(soonestMs);
      return;
    }
    const choice = this.#tiers?.choose(frame, now) ?? wholePicture(frame);
    if ('againAtMs' in choice) {
      this.#awaitsSmall = true;
      this.#lookAgainAtMs = choice.againAtMs;
      this.#wakeAt(choice.againAtMs);
      return;
    }
    this.#lookAgainAtMs = null;
    // A small picture may be of a moment before the newest, which then still waits.
    if (choice.frame.sequence === frame.sequence) this.#waiting = null;
    this.#begunAtMs = now;
    this.#send(choice);
  }

  #send(picture: TieredPicture): void {
    const { frame, jpeg, isSmall } = picture;
    const head = this.#framing.head({
      bytes: jpeg.length,
      timestamp: formatCaptureTime(this.#clock, frame.capturedAtMs),
      sequence: frame.sequence,
      whole: isSmall ? frame : null,
    });
    this.#sending = picture;
    this.#progressAtMs = this.#clock.monotonicMs();
    this.#writeSlice(picture, head, 0);
    this.#wakeAt(this.#progressAtMs + STALL_MS);
  }

  /** Writes the slice at `offset` together with what belongs before and after it, in one system call. */
  #writeSlice(picture: TieredPicture, head: Buffer | null, offset: number): void {
    const { jpeg } = picture;
    const end = Math.min(offset + SLICE_BYTES, jpeg.length);
    const isLast = end === jpeg.length;
    const onWritten = (error?: Error | null): void => {
      if (error || this.#state === 'closed') return;
      const startedAtMs = this.#progressAtMs;
      this.#progressAtMs = this.#clock.monotonicMs();
      this.#pace.onWritten(end - offset, this.#progressAtMs - startedAtMs);
      if (isLast) this.#completePart(picture);
      else this.#writeSlice(picture, null, end);
    };
    this.#output.cork();
    if (head) this.#output.write(head);
    this.#output.write(jpeg.subarray(offset, end), isLast ? undefined : onWritten);
    if (isLast) this.#output.write(this.#framing.tail, onWritten);
    this.#output.uncork();
  }

  #completePart(picture: TieredPicture): void {
    this.#sending = null;
    if (this.#state === 'closing') {
      this.#endSoon();
      return;
    }
    const { frame, jpeg } = picture;
    const repeated = frame.sequence === this.#sent?.frame.sequence;
    this.#repeated = jpeg === this.#sent?.jpeg;
    this.#sent = picture;
    this.#sentAtMs = this.#progressAtMs;
    if (this.#waiting) this.#sendNext(this.#waiting);
    else this.#wakeAt(this.#nextDueMs());
    this.#observer.onDelivered(frame, jpeg.length, repeated);
  }

  #nextDueMs(): number {
    if (this.#sending) return this.#progressAtMs + STALL_MS;
    if (this.#lookAgainAtMs !== null) return this.#lookAgainAtMs;
    if (!this.#sent) return Number.POSITIVE_INFINITY;
    const isSettled = !this.#sent.isSmall && (this.#repeated || !this.#framing.needsRepeat);
    return this.#sentAtMs + (isSettled ? KEEP_ALIVE_MS : this.#settleMs);
  }

  /** Sees to it that the timer runs at `dueMs` or earlier. Re-armed when it runs, so that a moving picture sets few. */
  #wakeAt(dueMs: number): void {
    // The end has its own time.
    if (this.#state === 'closing' || dueMs >= this.#timerDueMs) return;
    this.#cancelTimer();
    this.#timerDueMs = dueMs;
    this.#cancelTimer = this.#clock.after(Math.max(0, dueMs - this.#clock.monotonicMs()), () =>
      this.#onTimer(),
    );
  }

  #onTimer(): void {
    this.#timerDueMs = Number.POSITIVE_INFINITY;
    const dueMs = this.#nextDueMs();
    const now = this.#clock.monotonicMs();
    if (now < dueMs) {
      this.#wakeAt(dueMs);
      return;
    }
    const isBusy = this.#sending !== null || this.#lookAgainAtMs !== null;
    if (isBusy && now - this.#progressAtMs >= STALL_MS) {
      this.#release();
      this.#output.destroy();
      this.#observer.onEnd('stalled');
      return;
    }
    const next = this.#waiting ?? this.#sent?.frame;
    if (next) this.#sendNext(next);
  }

  readonly #onClose = (): void => {
    const wasOpen = this.#state === 'open';
    this.#release();
    if (wasOpen) this.#observer.onEnd('left');
  };

  /** Lets go of every frame and of the timer. The error listener stays: a late error must not end the process. */
  #release(): void {
    this.#state = 'closed';
    this.#cancelTimer();
    this.#sending = null;
    this.#waiting = null;
    this.#farewell = [];
    this.#sent = null;
    this.#output.removeListener('close', this.#onClose);
  }
}

function wholePicture(frame: StreamFrame): TieredPicture {
  return { frame, jpeg: frame.jpeg, isSmall: false };
}
