import { CAPTURE_DEMANDS } from '#shared/capture-messages';
import type { Clock } from '../clock.ts';
import { RateMeter } from './rate-meter.ts';
import type {
  CaptureDemand,
  CapturedFrame,
  CaptureObserver,
  CaptureRequest,
  CaptureStatus,
  Film,
  FilmSink,
  ScreenCapture,
  ScreenSource,
} from './screen-source.ts';

/** One session's place at a shared capture. */
export interface CaptureSubscription {
  /** What this session wants of the capture, which does the most that any session wants. */
  setDemand(demand: CaptureDemand): void;
  /** Films what is captured, for as long as this session is there. */
  film(sink: FilmSink, paused: boolean): Film;
  /** Leaves the capture; the last one to leave ends it. Idempotent. */
  close(): void;
}

interface Subscriber {
  readonly observer: CaptureObserver;
  demand: CaptureDemand;
}

/**
 * One running capture and the sessions that share it. It ends itself with its last subscription and then calls
 * `onEmpty`; it must not be joined after that.
 */
export class SharedCapture {
  readonly #subscribers = new Set<Subscriber>();
  readonly #capture: ScreenCapture;
  readonly #onEmpty: () => void;
  readonly #rate: RateMeter;
  #status: CaptureStatus = { state: 'starting' };
  #newest: CapturedFrame | null = null;
  #demand: CaptureDemand = 'unwatched';

  constructor(source: ScreenSource, request: CaptureRequest, clock: Clock, onEmpty: () => void) {
    this.#onEmpty = onEmpty;
    this.#rate = new RateMeter(clock);
    this.#capture = source.open(request, {
      onFrame: (frame) => this.#onFrame(frame),
      onUnchanged: (captures, capturedAtMs) => this.#onUnchanged(captures, capturedAtMs),
      onStatus: (status) => this.#onStatus(status),
    });
  }

  /** What the capture is doing now. */
  get status(): CaptureStatus {
    return this.#status;
  }

  /** The screen as it looks now, or null while it cannot be seen. */
  get newest(): CapturedFrame | null {
    return this.#status.state === 'live' ? this.#newest : null;
  }

  /** Captures per second lately, those that looked as the one before included. */
  capturesPerSecond(): number {
    return this.#rate.perSecond();
  }

  /** Joins: `observer` hears the present status, gets the newest frame if there is one, and then all that comes. */
  subscribe(observer: CaptureObserver): CaptureSubscription {
    const subscriber: Subscriber = { observer, demand: 'unwatched' };
    const films: Film[] = [];
    this.#subscribers.add(subscriber);
    observer.onStatus(this.#status);
    if (this.newest) observer.onFrame(this.newest);
    return {
      setDemand: (demand) => {
        subscriber.demand = demand;
        this.#updateDemand();
      },
      film: (sink, paused) => {
        const film = this.#capture.film(sink, paused);
        films.push(film);
        return film;
      },
      close: () => {
        if (!this.#subscribers.delete(subscriber)) return;
        for (const film of films) film.end();
        if (this.#subscribers.size > 0) {
          this.#updateDemand();
          return;
        }
        this.#capture.close();
        this.#newest = null;
        this.#onEmpty();
      },
    };
  }

  #updateDemand(): void {
    const ranks = Array.from(this.#subscribers, ({ demand }) => CAPTURE_DEMANDS.indexOf(demand));
    const demand = CAPTURE_DEMANDS[Math.max(0, ...ranks)] ?? 'unwatched';
    if (demand === this.#demand) return;
    this.#demand = demand;
    this.#capture.setDemand(demand);
  }

  #onFrame(frame: CapturedFrame): void {
    this.#newest = frame;
    this.#rate.add();
    for (const { observer } of this.#subscribers) observer.onFrame(frame);
  }

  #onUnchanged(captures: number, capturedAtMs: number): void {
    this.#rate.add(captures);
    if (this.#newest) this.#newest = { ...this.#newest, capturedAtMs };
    for (const { observer } of this.#subscribers) observer.onUnchanged(captures, capturedAtMs);
  }

  #onStatus(status: CaptureStatus): void {
    this.#status = status;
    for (const { observer } of this.#subscribers) observer.onStatus(status);
  }
}
