import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { LastingFilm } from '../stream/lasting-film.ts';
import type {
  CaptureDemand,
  CapturedFrame,
  CaptureObserver,
  Film,
  FilmSink,
  ScreenCapture,
  WindowSight,
} from '../stream/screen-source.ts';

/** One try at capturing the screen. It does not recover; once lost it only wants to be closed. */
export interface CaptureAttempt {
  setDemand(demand: CaptureDemand): void;
  /** See {@link ScreenCapture.film}; ends with this attempt. */
  film(sink: FilmSink, paused: boolean): Film;
  /** Releases everything; the observer hears nothing afterwards. Idempotent. */
  close(): void;
}

/** Where a {@link CaptureAttempt} reports to. */
export interface CaptureAttemptObserver {
  onFrame(frame: CapturedFrame): void;
  /** The capture is alive. `captures` since the last report, of which `unchanged` looked as the frame before. */
  onAlive(captures: number, unchanged: number, capturedAtMs: number): void;
  /** There will be no more frames; `reason` is a clause for people, without a full stop. */
  onLost(reason: string): void;
  /**
   * As `onLost`, but what was captured is no longer there, or a person ended it: there must be no other attempt. `message`
   * is a sentence for people.
   */
  onGone(message: string): void;
}

/** What a {@link RecoveringCapture} needs. */
export interface RecoveringCaptureOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly observer: CaptureObserver;
  /** Whether each attempt asks the person at the machine, who may just have said no: then none follows another. */
  readonly asksPerson: boolean;
  /** How long the first frame of an attempt may take; long where a person is asked first. */
  readonly firstFrameTimeoutMs: number;
  /** Whether frames keep coming from a screen on which nothing changes. Then none at all is a fault. */
  readonly steadyFrames: boolean;
  openAttempt(demand: CaptureDemand, observer: CaptureAttemptObserver): CaptureAttempt;
}

const OUT_OF_SIGHT = {
  hidden: 'The shared window is minimised.',
  elsewhere: 'The shared window is on another workspace.',
} as const;
const WATCHDOG_MS = 500;
/** An attempt that says nothing for so long hangs. Reports are due twice a second. */
const SILENCE_MS = 3000;
/** A new window may take its time on a busy machine before it says anything. */
const FIRST_REPORT_MS = 15_000;
/** Nobody should take an old picture for the screen. Where nobody watches, frames come once per second. */
const NO_FRAMES_MS = 2500;
/** An attempt that lived so long was a good one: its end starts the count of failures anew. */
const STABLE_MS = 5000;
const FIRST_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 10_000;
/** So much later than the end of a capture the loss of the service behind it may be heard of. */
const SERVICE_LOSS_MS = 1000;
/** From this failure in a row on, viewers are told that it fails rather than that it restarts. */
const FAILURES_TO_TELL = 3;

/**
 * A capture that starts again by itself whenever it is lost: at once the first time, then after a pause that doubles
 * up to 10 s for as long as it keeps failing. It stays down only where a person would be asked each time, or when the
 * window that it shows is closed: the system gives ids of windows out again.
 */
export class RecoveringCapture implements ScreenCapture {
  readonly #options: RecoveringCaptureOptions;
  #attempt: CaptureAttempt | null = null;
  #demand: CaptureDemand = 'unwatched';
  #closed = false;
  #live = false;
  #sight: WindowSight = 'seen';
  /** Whether there will be no other attempt. */
  #over = false;
  #wasLive = false;
  #failures = 0;
  #startedAtMs = 0;
  #reportedAtMs: number | null = null;
  #capturedAtMs = 0;
  /** Whether there is to be another attempt, but not yet. */
  #isWaiting = false;
  #cancelRetry: () => void = () => {};
  /** Set from the end that a person may have made until that is told. */
  #cancelEnd: (() => void) | null = null;
  #cancelWatchdog: () => void = () => {};
  readonly #films = new Set<LastingFilm>();

  constructor(options: RecoveringCaptureOptions) {
    this.#options = options;
    this.#start();
  }

  setDemand(demand: CaptureDemand): void {
    this.#demand = demand;
    this.#attempt?.setDemand(demand);
  }

  /** Takes note that the window that is captured is out of sight, or is to be seen again. */
  setSight(sight: WindowSight): void {
    // A window that was closed is out of sight too, and stays closed.
    if (this.#closed || this.#over || sight === this.#sight) return;
    this.#sight = sight;
    if (sight !== 'seen') {
      this.#live = false;
      this.#options.observer.onStatus({ state: 'hidden', message: OUT_OF_SIGHT[sight] });
    }
    if (this.#isWaiting) {
      // There is nothing to capture elsewhere. What is out of sight otherwise may be closed: an attempt finds out.
      this.#cancelRetry();
      if (sight !== 'elsewhere') this.#start();
    } else if (sight === 'seen' && this.#attempt) {
      // The encoder knows the picture of before and would send only what is new in it.
      this.#endAttempt();
      this.#start();
    }
  }

  /**
   * Takes note that the machine has other screens now. If one went away it may be the one that is captured, of which
   * nothing but silence would tell; a new one may be the one that is waited for. A new attempt finds out.
   */
  onScreensChanged(change: 'added' | 'removed'): void {
    if (this.#isWaiting) {
      this.#cancelRetry();
      this.#start();
    } else if (this.#attempt && change === 'removed') {
      this.#onLost('the screens of this machine have changed');
    }
  }

  /**
   * Takes note that what the capture came from went away, and that another attempt would ask the person without having been
   * asked to: there is none. `reason` is a clause for people.
   */
  giveUp(reason: string): void {
    const isEnding = this.#cancelEnd !== null;
    if (this.#closed || (this.#over && !isEnding)) return;
    this.#stay(reason);
  }

  film(sink: FilmSink, paused: boolean): Film {
    const film = new LastingFilm(sink, paused, () => this.#films.delete(film));
    this.#films.add(film);
    if (this.#attempt) film.takeFrom(this.#attempt);
    return film;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#films.clear();
    this.#isWaiting = false;
    this.#cancelRetry();
    this.#cancelEnd?.();
    this.#endAttempt();
  }

  #start(): void {
    const now = this.#options.clock.monotonicMs();
    this.#isWaiting = false;
    this.#startedAtMs = now;
    this.#reportedAtMs = null;
    this.#live = false;
    // An attempt may still report after another took its place: only the present one is listened to.
    let attempt: CaptureAttempt | null = null;
    const isCurrent = (): boolean => !this.#closed && attempt === this.#attempt;
    attempt = this.#options.openAttempt(this.#demand, {
      onFrame: (frame) => {
        if (isCurrent()) this.#onFrame(frame);
      },
      onAlive: (captures, unchanged, capturedAtMs) => {
        if (isCurrent()) this.#onAlive(captures, unchanged, capturedAtMs);
      },
      onLost: (reason) => {
        if (isCurrent()) this.#onLost(reason);
      },
      onGone: (message) => {
        if (isCurrent()) this.#onGone(message);
      },
    });
    this.#attempt = attempt;
    for (const film of this.#films) film.takeFrom(attempt);
    this.#watch(now);
  }

  #onFrame(frame: CapturedFrame): void {
    this.#reportedAtMs = this.#options.clock.monotonicMs();
    this.#capturedAtMs = this.#reportedAtMs;
    // Some systems go on with a picture that shows nothing.
    if (this.#sight !== 'seen') return;
    if (!this.#live) {
      this.#live = true;
      this.#wasLive = true;
      this.#startedAtMs = this.#reportedAtMs;
      this.#options.observer.onStatus({ state: 'live' });
      if (this.#closed) return;
    }
    this.#options.observer.onFrame(frame);
  }

  #onAlive(captures: number, unchanged: number, capturedAtMs: number): void {
    this.#reportedAtMs = this.#options.clock.monotonicMs();
    if (captures > 0) this.#capturedAtMs = this.#reportedAtMs;
    if (this.#live && unchanged > 0) this.#options.observer.onUnchanged(unchanged, capturedAtMs);
  }

  #onLost(reason: string): void {
    const { clock, log, observer, asksPerson } = this.#options;
    if (asksPerson) {
      this.#stay(reason);
      return;
    }
    const wasStable = this.#live && clock.monotonicMs() - this.#startedAtMs >= STABLE_MS;
    this.#failures = wasStable ? 1 : this.#failures + 1;
    this.#live = false;
    this.#endAttempt();
    const delayMs =
      this.#failures === 1 ? 0 : Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (this.#failures - 2));
    log.warn({ reason, failures: this.#failures, retryInMs: delayMs }, 'The screen capture was lost');
    this.#isWaiting = true;
    if (this.#sight === 'elsewhere') return;
    this.#cancelRetry = clock.after(delayMs, () => this.#start());
    if (this.#failures >= FAILURES_TO_TELL) {
      observer.onStatus({ state: 'failed', message: `No picture from the screen: ${reason}. Trying again…` });
    } else if (this.#wasLive) {
      observer.onStatus({ state: 'recovering', message: `The screen capture restarts: ${reason}.` });
    }
  }

  #onGone(message: string): void {
    const { asksPerson, clock, observer } = this.#options;
    this.#over = true;
    this.#live = false;
    this.#endAttempt();
    const tell = (): void => {
      this.#cancelEnd = null;
      observer.onStatus({ state: 'gone', message });
    };
    // A person's end looks as that of a service, which is told a moment later, and is no reason to end the share.
    if (asksPerson) this.#cancelEnd = clock.after(SERVICE_LOSS_MS, tell);
    else tell();
  }

  /** Stays without a picture, until somebody starts the share again. */
  #stay(reason: string): void {
    this.#cancelEnd?.();
    this.#cancelEnd = null;
    this.#over = true;
    this.#live = false;
    this.#endAttempt();
    this.#options.log.warn({ reason }, 'The screen capture was lost, and nobody is asked for another');
    this.#options.observer.onStatus({
      state: 'failed',
      message: `No picture from the screen: ${reason}. Start the share again to be asked again.`,
    });
  }

  #endAttempt(): void {
    const attempt = this.#attempt;
    this.#attempt = null;
    for (const film of this.#films) film.lose();
    this.#cancelWatchdog();
    attempt?.close();
  }

  #watch(lastLookMs: number): void {
    this.#cancelWatchdog = this.#options.clock.after(WATCHDOG_MS, () => {
      const now = this.#options.clock.monotonicMs();
      // A look that comes late says that this process, or the machine, stood still: everybody gets another chance.
      if (now - lastLookMs > 2 * WATCHDOG_MS) this.#forgive(now);
      const fault = this.#findFault(now);
      if (fault) this.#onLost(fault);
      else this.#watch(now);
    });
  }

  #forgive(now: number): void {
    if (this.#reportedAtMs !== null) this.#reportedAtMs = now;
    if (!this.#live) this.#startedAtMs = now;
    this.#capturedAtMs = now;
  }

  #findFault(now: number): string | null {
    const { firstFrameTimeoutMs, steadyFrames } = this.#options;
    const silentMs = now - (this.#reportedAtMs ?? this.#startedAtMs);
    if (silentMs > (this.#reportedAtMs === null ? FIRST_REPORT_MS : SILENCE_MS)) {
      return 'the capture process does not answer';
    }
    if (this.#sight !== 'seen') return null;
    if (!this.#live)
      return now - this.#startedAtMs > firstFrameTimeoutMs ? 'the screen sends no picture' : null;
    return steadyFrames && now - this.#capturedAtMs > NO_FRAMES_MS
      ? 'the screen stopped sending pictures'
      : null;
  }
}
