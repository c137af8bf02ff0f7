import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { PortholeError } from '#shared/errors';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import { type Holder, hasRoom, type Quota } from '../quota.ts';
import { formatCaptureTime } from './capture-time.ts';
import { beginMjpegResponse } from './mjpeg-writer.ts';
import { framingFor } from './part-framing.ts';
import type { CapturedFrame, CaptureRequest, Film, FilmSink, ScreenSource } from './screen-source.ts';
import { SendQueues } from './send-queues.ts';
import { SharedCapture } from './shared-capture.ts';
import type { SnapshotViewer } from './snapshot-viewer.ts';
import { type StreamObserver, StreamSession } from './stream-session.ts';
import type { StreamState } from './stream-state.ts';
import type { ViewerInfo, ViewerState } from './viewer.ts';

/** How many may watch. */
export interface StreamLimits {
  readonly perSession: Quota;
  readonly overall: Quota;
}

/** Room for real use, an audience with one link included, with a bound that keeps the machine usable. */
export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  perSession: { others: 240, perHolder: 200, reserved: 16 },
  overall: { others: 440, perHolder: 360, reserved: 32 },
};

/** What a {@link StreamService} needs. */
export interface StreamServiceOptions {
  readonly source: ScreenSource;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly observer: StreamObserver;
  readonly limits?: StreamLimits;
}

/** Sums over all streams, those that have ended included. */
export type StreamTotals = Pick<
  StreamState,
  'framesCaptured' | 'framesDelivered' | 'framesDropped' | 'bytesDelivered'
>;

const SNAPSHOT_TIMEOUT_MS = 3000;

/**
 * The streams of all live screen shares. Sessions that want the same picture share one capture, whose frames are
 * encoded once; viewers belong to a session and end with it.
 */
export class StreamService {
  readonly #options: StreamServiceOptions;
  readonly #limits: StreamLimits;
  readonly #sendQueues: SendQueues;
  readonly #sessions = new Map<string, StreamSession>();
  /** Streams that have ended and whose viewers are being told. */
  readonly #closing = new Set<Promise<void>>();
  readonly #captures = new Map<string, SharedCapture>();
  #isLocked = false;
  #past: StreamTotals = { framesCaptured: 0, framesDelivered: 0, framesDropped: 0, bytesDelivered: 0 };

  constructor(options: StreamServiceOptions) {
    this.#options = options;
    this.#sendQueues = new SendQueues(options.clock);
    this.#limits = options.limits ?? DEFAULT_STREAM_LIMITS;
  }

  /** Throws `no_screen`, `portal_unavailable` or `screen_permission_denied` if a share could not start now; answers at once. */
  assertAvailable(): void {
    this.#options.source.assertAvailable();
  }

  /** Begins the stream of a session, which must not have one. Returns at once; the first picture comes later. */
  start(sessionId: string, request: CaptureRequest): void {
    if (this.#sessions.has(sessionId)) throw new Error(`session ${sessionId} has a stream already`);
    const { clock, logger, observer } = this.#options;
    const session = new StreamSession(request, {
      sessionId,
      clock,
      logger,
      observer,
      isLocked: this.#isLocked,
      join: (wanted) => this.#join(wanted),
    });
    this.#sessions.set(sessionId, session);
  }

  /**
   * Ends a session's stream: every viewer's at once, and the capture if no other session shares it. Answers how
   * many times the screen was captured for it, 0 if it has no stream (any more).
   */
  stop(sessionId: string): number {
    const session = this.#sessions.get(sessionId);
    if (!session) return 0;
    this.#sessions.delete(sessionId);
    const closing = session.close();
    this.#closing.add(closing);
    void closing.then(() => this.#closing.delete(closing));
    this.#past = add(this.#past, session.state());
    return session.framesCaptured;
  }

  /** Whether this session has a stream. */
  has(sessionId: string): boolean {
    return this.#sessions.has(sessionId);
  }

  /** Changes what a session shows while its viewers stay. Throws `session_not_found`. */
  update(sessionId: string, request: CaptureRequest): void {
    this.#get(sessionId).update(request);
  }

  /** Pauses or resumes: while paused nothing is captured and viewers see a slate. Throws `session_not_found`. */
  setPaused(sessionId: string, paused: boolean): void {
    this.#get(sessionId).setPaused(paused);
  }

  /**
   * While the screen counts as locked, every session is paused, those that begin meanwhile included, whatever else
   * pauses it or does not. Idempotent.
   */
  setLocked(isLocked: boolean): void {
    this.#isLocked = isLocked;
    for (const session of this.#sessions.values()) session.setPaused(isLocked, 'lock');
  }

  /**
   * Answers `response` with the session's stream and lets it run until the viewer leaves or the session ends; the
   * response belongs to the stream from then on, and headers set on it before are sent along. Returns the viewer's
   * id. `isAdaptive` lets it have smaller pictures over a slow link. Throws `session_not_found` or `too_many_viewers`,
   * and then has not touched the response.
   */
  watch(sessionId: string, response: ServerResponse, info: ViewerInfo, isAdaptive = false): string {
    const session = this.#get(sessionId);
    const viewerId = this.#admitViewer(session, info.holder);
    const heldBytes = response.socket ? this.#sendQueues.watch(response.socket) : () => null;
    const framing = framingFor(response.req.headers);
    const output = beginMjpegResponse(response, framing.type);
    session.addViewer(viewerId, { output, framing, heldBytes, isAdaptive }, info);
    return viewerId;
  }

  /**
   * Takes note that somebody asks for a picture, which makes them a viewer for a while: what they take is to be noted
   * there, and nothing is to be given to them once they have ended. Throws `session_not_found` or `too_many_viewers`.
   */
  noteSnapshotViewer(sessionId: string, info: ViewerInfo): SnapshotViewer {
    const session = this.#get(sessionId);
    const known = session.findSnapshotViewer(info);
    known?.noteRequest();
    return known ?? session.addSnapshotViewer(this.#admitViewer(session, info.holder), info);
  }

  /** Ends one viewer's stream; false if nobody has this id. */
  kick(viewerId: string): boolean {
    return [...this.#sessions.values()].some((session) => session.kick(viewerId));
  }

  /**
   * The screen as it looks now, as one JPEG in the session's frame size; waits a moment for it if the capture is
   * still starting. Null while there is nothing to see. Throws `session_not_found`.
   */
  async snapshot(sessionId: string): Promise<CapturedFrame | null> {
    return this.#get(sessionId).snapshot(SNAPSHOT_TIMEOUT_MS);
  }

  /** Films what a session shows, until that is told to end or the session ends. Throws `session_not_found`. */
  film(sessionId: string, sink: FilmSink): Film {
    return this.#get(sessionId).film(sink);
  }

  /** When a frame was captured, as the header `X-Timestamp` has it. */
  captureTimeOf({ capturedAtMs }: CapturedFrame): string {
    return formatCaptureTime(this.#options.clock, capturedAtMs);
  }

  /** A session's stream in figures. Throws `session_not_found`. */
  state(sessionId: string): StreamState {
    return this.#get(sessionId).state();
  }

  /** Everybody who watches anything now. */
  viewers(): ViewerState[] {
    return [...this.#sessions.values()].flatMap((session) => session.state().viewers);
  }

  /** How many captures run. */
  get captureCount(): number {
    return this.#captures.size;
  }

  /** Sums over all streams since the service was made. */
  totals(): StreamTotals {
    return [...this.#sessions.values()].map((session) => session.state()).reduce(add, this.#past);
  }

  /** Ends every stream and every capture; resolves when every viewer has been told. Idempotent. */
  async close(): Promise<void> {
    for (const sessionId of [...this.#sessions.keys()]) this.stop(sessionId);
    await Promise.all(this.#closing);
  }

  #get(sessionId: string): StreamSession {
    const session = this.#sessions.get(sessionId);
    if (!session) throw new PortholeError('session_not_found');
    return session;
  }

  /** An id for one viewer more, on the account of `holder`. Throws `too_many_viewers`. */
  #admitViewer(session: StreamSession, holder: Holder): string {
    const all = [...this.#sessions.values()].flatMap((each) => each.holders());
    const hasPlace =
      hasRoom(this.#limits.perSession, session.holders(), holder) &&
      hasRoom(this.#limits.overall, all, holder);
    if (!hasPlace) throw new PortholeError('too_many_viewers');
    return `viewer_${randomBytes(4).toString('hex')}`;
  }

  #join(request: CaptureRequest): SharedCapture {
    const key = JSON.stringify([request.sourceId, request.quality]);
    const running = this.#captures.get(key);
    if (running) return running;
    const { source, clock } = this.#options;
    const capture = new SharedCapture(source, request, clock, () => this.#captures.delete(key));
    this.#captures.set(key, capture);
    return capture;
  }
}

function add(sum: StreamTotals, more: StreamTotals): StreamTotals {
  return {
    framesCaptured: sum.framesCaptured + more.framesCaptured,
    framesDelivered: sum.framesDelivered + more.framesDelivered,
    framesDropped: sum.framesDropped + more.framesDropped,
    bytesDelivered: sum.bytesDelivered + more.bytesDelivered,
  };
}
