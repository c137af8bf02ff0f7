import type { Writable } from 'node:stream';
import { type FrameSize, PRESETS, type Quality } from '#shared/presets';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { Holder } from '../quota.ts';
import { FrameHub, type StreamFrame } from './frame-hub.ts';
import { LastingFilm } from './lasting-film.ts';
import type { ViewerEnd } from './mjpeg-writer.ts';
import type { PartFraming } from './part-framing.ts';
import type { CapturedFrame, CaptureRequest, Film, FilmSink } from './screen-source.ts';
import type { HeldBytes } from './send-queues.ts';
import type { CaptureSubscription, SharedCapture } from './shared-capture.ts';
import { SnapshotViewer } from './snapshot-viewer.ts';
import { StatusSlates } from './status-slates.ts';
import type { PauseCause, StreamState, StreamStatus } from './stream-state.ts';
import { Viewer, type ViewerInfo, type ViewerState } from './viewer.ts';

/** Told what happens in the streams, each time it happens; must return soon and must not throw. */
export interface StreamObserver {
  /** The screen was captured; `framesCaptured` is the session's count so far. Not a sign of life. */
  onCaptured(sessionId: string, framesCaptured: number): void;
  /**
   * A part has left for a viewer of this session whole: a sign of life. `ageMs` is how old its picture was then, null
   * if the viewer has had it before.
   */
  onDelivered(sessionId: string, ageMs: number | null): void;
  onViewerJoined(viewer: ViewerState): void;
  /** `viewer` holds its last figures. */
  onViewerLeft(viewer: ViewerState, reason: ViewerEnd): void;
  /** What the session's picture is doing, each time it changes. */
  onStatus(sessionId: string, status: StreamStatus): void;
  /** What the session showed is no longer there, and its viewers were told: the session is to end, for this reason. */
  onGone(sessionId: string, reason: string): void;
}

/** Where a viewer's stream goes, how it is framed, and what the system holds back of it, as far as it tells. */
export interface ViewerConnection {
  readonly output: Writable;
  readonly framing: PartFraming;
  readonly heldBytes: HeldBytes;
  /** Whether a slow link may be given smaller pictures: not every player takes well that their size changes. */
  readonly isAdaptive: boolean;
}

/** What a {@link StreamSession} needs. */
export interface StreamSessionOptions {
  readonly sessionId: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: StreamObserver;
  /** Whether the session begins as paused for a locked screen. */
  readonly isLocked: boolean;
  /** The capture that serves a request, started if none does yet. */
  join(request: CaptureRequest): SharedCapture;
}

/** For how long viewers are told that the window is gone before the session ends. */
const GONE_NOTICE_MS = 1500;

const LOCKED = { state: 'paused', message: 'Paused: the screen is locked.' } as const;

/** One session's stream: what its viewers see, and who they are. */
export class StreamSession {
  readonly #options: StreamSessionOptions;
  readonly #hub = new FrameHub();
  readonly #slates: StatusSlates;
  readonly #viewers = new Map<string, Viewer>();
  readonly #snapshotViewers = new Map<string, SnapshotViewer>();
  /** Of viewers that have not taken the end of their streams yet. */
  readonly #endings = new Set<Promise<unknown>>();
  readonly #waitingForPicture = new Set<() => void>();
  #request: CaptureRequest;
  #capture: SharedCapture | null = null;
  #subscription: CaptureSubscription | null = null;
  #status: StreamStatus = { state: 'starting' };
  readonly #pauses = new Set<PauseCause>();
  #liveUnannounced = false;
  #frameSize: FrameSize | null = null;
  #framesCaptured = 0;
  #past = { frames: 0, bytes: 0, drops: 0 };
  #cancelGone: () => void = () => {};
  #film: LastingFilm | null = null;
  #closed = false;

  constructor(request: CaptureRequest, options: StreamSessionOptions) {
    this.#request = request;
    this.#options = options;
    this.#slates = new StatusSlates({
      clock: options.clock,
      logger: options.logger,
      sessionId: options.sessionId,
      frameSize: () => this.#frameSize ?? largestFrame(this.#request.quality),
      onSlate: (slate) => this.#hub.publish('slate', slate),
    });
    if (options.isLocked) this.setPaused(true, 'lock');
    else this.#joinCapture();
  }

  /** Captures of the screen since the session began. */
  get framesCaptured(): number {
    return this.#framesCaptured;
  }

  /** On whose account each of its viewers watches. */
  holders(): Holder[] {
    return [...this.#viewers.values(), ...this.#snapshotViewers.values()].map(({ holder }) => holder);
  }

  /** Changes what is captured; viewers stay, and see the old picture until the new one comes. */
  update(request: CaptureRequest): void {
    this.#request = request;
    if (this.#status.state === 'paused') return;
    this.#leaveCapture();
    this.#joinCapture();
  }

  /** While paused for any cause nothing is captured for this session and viewers see a slate. Idempotent. */
  setPaused(paused: boolean, cause: PauseCause = 'choice'): void {
    if (this.#closed || paused === this.#pauses.has(cause)) return;
    if (paused) this.#pauses.add(cause);
    else this.#pauses.delete(cause);
    if (this.#pauses.size === 0) {
      this.#joinCapture();
      return;
    }
    this.#leaveCapture();
    this.#onStatus(this.#pauses.has('lock') ? LOCKED : { state: 'paused' });
  }

  /** Begins to send the stream to `connection`, which belongs to the viewer from now on. */
  addViewer(viewerId: string, connection: ViewerConnection, info: ViewerInfo): Viewer {
    const { output, framing, heldBytes, isAdaptive } = connection;
    const { sessionId, clock, observer } = this.#options;
    const frameMs = 1000 / PRESETS[this.#request.quality].framesPerSecond;
    let unsubscribe: () => void = () => {};
    const viewer = new Viewer({
      viewerId,
      sessionId,
      info,
      output,
      framing,
      heldBytes,
      clock,
      isAdaptive,
      onWish: () => this.#followDemand(),
      settleMs: Math.min(100, Math.max(50, 1.5 * frameMs)),
      onDelivered: (_frame, ageMs) => observer.onDelivered(sessionId, ageMs),
      onEnd: (ended, reason) => {
        unsubscribe();
        if (!this.#viewers.delete(ended.viewerId)) return;
        this.#followDemand();
        this.#onViewerLeft(ended.state(), reason);
      },
    });
    if (output.destroyed) return viewer;
    this.#viewers.set(viewerId, viewer);
    unsubscribe = this.#hub.subscribe((frame) => viewer.offer(frame));
    this.#followDemand();
    observer.onViewerJoined(viewer.state());
    return viewer;
  }

  /** Who takes single pictures and is `info`, if they have done so lately. */
  findSnapshotViewer(info: ViewerInfo): SnapshotViewer | undefined {
    return [...this.#snapshotViewers.values()].find((viewer) => viewer.is(info));
  }

  /** Lets somebody take single pictures, for whom the capture runs no faster. */
  addSnapshotViewer(viewerId: string, info: ViewerInfo): SnapshotViewer {
    const { sessionId, clock, observer } = this.#options;
    const viewer = new SnapshotViewer({
      viewerId,
      sessionId,
      info,
      clock,
      onPicture: (ageMs) => observer.onDelivered(sessionId, ageMs),
      onEnd: (ended, reason) => {
        this.#snapshotViewers.delete(ended.viewerId);
        this.#onViewerLeft(ended.state(), reason);
      },
    });
    this.#snapshotViewers.set(viewerId, viewer);
    observer.onViewerJoined(viewer.state());
    return viewer;
  }

  /** Ends one viewer's stream; false if there is no such viewer. */
  kick(viewerId: string): boolean {
    const viewer = this.#viewers.get(viewerId);
    const snapshotViewer = this.#snapshotViewers.get(viewerId);
    if (viewer) this.#endViewers([viewer], 'kicked', 'You can no longer see this screen.');
    snapshotViewer?.end('kicked');
    return (viewer ?? snapshotViewer) !== undefined;
  }

  /**
   * The screen as it looks now. While it cannot be seen yet, or for a moment, waits up to `timeoutMs` for it, and
   * answers null if that is not enough, or if the capture has failed, or the session is paused or ends.
   */
  async snapshot(timeoutMs: number): Promise<CapturedFrame | null> {
    const newest = this.#capture?.newest ?? null;
    if (newest || this.#closed || ['paused', 'failed'].includes(this.#status.state)) return newest;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        cancel();
        this.#waitingForPicture.delete(finish);
        resolve();
      };
      const cancel = this.#options.clock.after(timeoutMs, finish);
      this.#waitingForPicture.add(finish);
    });
    return this.#capture?.newest ?? null;
  }

  /**
   * Films what this session shows, whatever that is to be later; time in which the session is paused or has no picture
   * is left out. A session has one film at a time.
   */
  film(sink: FilmSink): Film {
    const film = new LastingFilm(sink, false, () => {
      this.#film = null;
      this.#followDemand();
    });
    this.#film = film;
    if (this.#subscription) film.takeFrom(this.#subscription);
    this.#followDemand();
    return {
      setPaused: (paused) => {
        film.setPaused(paused);
        this.#followDemand();
      },
      end: () => film.end(),
    };
  }

  /** The stream in figures. */
  state(): StreamState {
    const viewers = this.#everybody().map((viewer) => viewer.state());
    const sum = (pick: (viewer: ViewerState) => number): number =>
      viewers.reduce((total, viewer) => total + pick(viewer), 0);
    const newest = this.#capture?.newest ?? null;
    return {
      sessionId: this.#options.sessionId,
      sourceId: this.#request.sourceId,
      quality: this.#request.quality,
      atMs: this.#options.clock.wallMs(),
      status: this.#status,
      paused: this.#pauses.has('choice'),
      frameSize: this.#frameSize,
      framesCaptured: this.#framesCaptured,
      capturesPerSecond: this.#capture?.capturesPerSecond() ?? 0,
      frameAgeMs: newest && this.#options.clock.monotonicMs() - newest.capturedAtMs,
      framesDelivered: this.#past.frames + sum((viewer) => viewer.frames),
      bytesDelivered: this.#past.bytes + sum((viewer) => viewer.bytes),
      framesDropped: this.#past.drops + sum((viewer) => viewer.drops),
      viewers,
    };
  }

  /**
   * Ends every viewer's stream and leaves the capture; resolves when every viewer has taken the end, or been cut off.
   * Idempotent.
   */
  async close(): Promise<void> {
    if (this.#closed) {
      await Promise.all(this.#endings);
      return;
    }
    this.#closed = true;
    this.#slates.clear();
    this.#cancelGone();
    this.#leaveCapture();
    this.#film?.end();
    const why = this.#status.state === 'gone' ? this.#status.message : 'The screen share has ended.';
    this.#endViewers([...this.#viewers.values()], 'ended', why);
    for (const viewer of this.#snapshotViewers.values()) viewer.end('ended');
    this.#releaseWaiting();
    await Promise.all(this.#endings);
  }

  /** Ends streams with a picture that says why, so that nobody is left with one that looks live. */
  #endViewers(viewers: readonly Viewer[], reason: ViewerEnd, text: string): void {
    if (viewers.length === 0) return;
    const farewell = this.#farewell(text);
    const ending = Promise.all(viewers.map((viewer) => viewer.end(reason, farewell)));
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }

  async #farewell(text: string): Promise<StreamFrame | null> {
    const slate = await this.#slates.render(text);
    return slate && { ...slate, kind: 'slate', sequence: (this.#hub.newest?.sequence ?? 0) + 1 };
  }

  #everybody(): (Viewer | SnapshotViewer)[] {
    return [...this.#viewers.values(), ...this.#snapshotViewers.values()];
  }

  #onViewerLeft(state: ViewerState, reason: ViewerEnd): void {
    this.#past.frames += state.frames;
    this.#past.bytes += state.bytes;
    this.#past.drops += state.drops;
    this.#options.observer.onViewerLeft(state, reason);
  }

  #joinCapture(): void {
    this.#capture = this.#options.join(this.#request);
    this.#subscription = this.#capture.subscribe({
      onFrame: (frame) => {
        this.#countCaptures(1);
        this.#frameSize = { widthPx: frame.widthPx, heightPx: frame.heightPx };
        this.#hub.publish('screen', frame);
        this.#announceLive();
        this.#releaseWaiting();
      },
      onUnchanged: (captures, capturedAtMs) => {
        this.#countCaptures(captures);
        this.#hub.confirm(capturedAtMs);
      },
      onStatus: (status) => this.#onStatus(status),
    });
    this.#film?.takeFrom(this.#subscription);
    this.#followDemand();
  }

  #followDemand(): void {
    const isWatched = this.#viewers.size > 0 || this.#film?.isIdle === false;
    const isTiered = [...this.#viewers.values()].some(({ wantsSmall }) => wantsSmall);
    this.#subscription?.setDemand(isTiered ? 'tiered' : isWatched ? 'watched' : 'unwatched');
  }

  #leaveCapture(): void {
    this.#film?.lose();
    this.#subscription?.close();
    this.#subscription = null;
    this.#capture = null;
  }

  #countCaptures(captures: number): void {
    this.#framesCaptured += captures;
    this.#options.observer.onCaptured(this.#options.sessionId, this.#framesCaptured);
  }

  #onStatus(status: StreamStatus): void {
    this.#status = status;
    this.#slates.clear();
    this.#cancelGone();
    // Announced with the first frame, when its size is known.
    this.#liveUnannounced = status.state === 'live';
    if (status.state === 'live') return;
    this.#options.observer.onStatus(this.#options.sessionId, status);
    this.#slates.show(status);
    if (status.state !== 'gone') return;
    this.#cancelGone = this.#options.clock.after(GONE_NOTICE_MS, () =>
      this.#options.observer.onGone(this.#options.sessionId, status.message),
    );
  }

  #announceLive(): void {
    if (!this.#liveUnannounced) return;
    this.#liveUnannounced = false;
    this.#options.observer.onStatus(this.#options.sessionId, this.#status);
  }

  #releaseWaiting(): void {
    for (const finish of [...this.#waitingForPicture]) finish();
  }
}

function largestFrame(quality: Quality): FrameSize {
  const { maxWidthPx, maxHeightPx } = PRESETS[quality];
  return { widthPx: maxWidthPx, heightPx: maxHeightPx };
}
