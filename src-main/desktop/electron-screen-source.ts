import path from 'node:path';
import { app, screen, systemPreferences } from 'electron';
import { PortholeError } from '#shared/errors';
import { type FrameSize, PRESETS, type Quality } from '#shared/presets';
import { kindOfSource } from '#shared/sources';
import type { Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type {
  CaptureObserver,
  CaptureRequest,
  ScreenCapture,
  ScreenSource,
  SourceListing,
  WindowSight,
} from '../stream/screen-source.ts';
import { explainDepth } from '../upkeep/display-depth.ts';
import { CaptureWindow } from './capture-window.ts';
import { findFalseDepth, isHeadless, isWaylandSession } from './display-server.ts';
import { type PortalLife, watchPortalLife } from './portal/portal-life.ts';
import { type PortalWatch, watchPortal } from './portal/portal-watch.ts';
import { RecoveringCapture } from './recovering-capture.ts';
import { listSources, lookAtWindows } from './source-list.ts';
import { UnreadableCapture } from './unreadable-capture.ts';
import { type LookAtWindows, WindowWatch } from './window-watch.ts';
import type { XLink } from './x11/x-link.ts';

const FIRST_FRAME_TIMEOUT_MS = 10_000;
/** The portal asks the person what to share, who may have to come to the machine first. */
const PORTAL_TIMEOUT_MS = 120_000;

/**
 * Chosen so that the picture of a screen full of small coloured text has an SSIM of about 0.97 at least: the smaller
 * the frame, the more of it is edges.
 */
const JPEG_QUALITY: Readonly<Record<Quality, number>> = { low: 80, medium: 75, high: 70 };

/** A moving half of the screen takes less than half of it; see docs/decisions/0024-recordings.md. */
const FILM_BITS_PER_SECOND: Readonly<Record<Quality, number>> = {
  low: 1_000_000,
  medium: 2_500_000,
  high: 5_000_000,
};

/** What an {@link ElectronScreenSource} needs. */
export interface ElectronScreenSourceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The way to the X server, for what Electron does not tell of windows. */
  readonly xLink: XLink;
  /** Why no screen can be captured here at all, for people; null where it can. */
  readonly noCapture: string | null;
}

/** The screens of this machine, captured through Chromium. To be made once the app is ready. */
export class ElectronScreenSource implements ScreenSource {
  readonly #noCapture: string | null;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #clockOffsetMs: number;
  readonly #captures = new Set<RecoveringCapture>();
  readonly #screenCaptures = new Set<RecoveringCapture>();
  readonly #lookAt: LookAtWindows;
  readonly #windows: WindowWatch;
  /** Of the portal that captures, where one does. */
  readonly #portal: PortalWatch | null;
  readonly #portalLife: PortalLife | null;

  constructor({ clock, logger, xLink, noCapture }: ElectronScreenSourceOptions) {
    this.#noCapture = noCapture;
    this.#clock = clock;
    this.#log = logger;
    this.#portal = isWaylandSession() ? watchPortal(clock, process.env) : null;
    this.#lookAt = async (ids) => lookAtWindows(ids, await xLink.connect());
    this.#windows = new WindowWatch(clock, this.#lookAt);
    this.#portalLife = isWaylandSession() ? watchPortalLife(clock, process.env) : null;
    this.#clockOffsetMs = clock.monotonicMs() - Number(process.hrtime.bigint()) / 1e6;
    screen.on('display-added', this.#onAdded);
    screen.on('display-removed', this.#onRemoved);
  }

  assertAvailable(): void {
    if (isHeadless() || screen.getAllDisplays().length === 0) throw new PortholeError('no_screen');
    if (this.#noCapture !== null) throw new PortholeError('no_screen', this.#noCapture);
    this.#portal?.assertReady();
    // macOS asks for this permission by itself at the first capture, once; afterwards it can only be looked up.
    if (process.platform === 'darwin') {
      const access = systemPreferences.getMediaAccessStatus('screen');
      if (access === 'denied' || access === 'restricted') throw new PortholeError('screen_permission_denied');
    }
  }

  list(thumbnail: FrameSize | null): Promise<SourceListing> {
    return listSources(thumbnail);
  }

  watchWindow(windowId: string, onSight: (sight: WindowSight) => void): () => void {
    // Where the portal chooses, nothing is told of windows.
    return isWaylandSession() ? () => undefined : this.#windows.watch(windowId, onSight);
  }

  open(request: CaptureRequest, observer: CaptureObserver): ScreenCapture {
    const falseDepth = findFalseDepth();
    if (falseDepth !== null) return new UnreadableCapture(explainDepth(falseDepth), this.#clock, observer);
    const capture = new RecoveringCapture({
      clock: this.#clock,
      log: this.#log,
      observer,
      asksPerson: isWaylandSession(),
      firstFrameTimeoutMs: isWaylandSession() ? PORTAL_TIMEOUT_MS : FIRST_FRAME_TIMEOUT_MS,
      steadyFrames: process.platform === 'linux' && !isWaylandSession(),
      openAttempt: (demand, attemptObserver) =>
        new CaptureWindow({
          sourceId: request.sourceId,
          preset: PRESETS[request.quality],
          jpegQuality: JPEG_QUALITY[request.quality],
          filmBitsPerSecond: FILM_BITS_PER_SECOND[request.quality],
          demand,
          preload: path.join(app.getAppPath(), 'dist/preload/capture.cjs'),
          clockOffsetMs: this.#clockOffsetMs,
          log: this.#log,
          observer: attemptObserver,
          isElsewhere: async (id) => (await this.#lookAt([id])).get(id) === 'elsewhere',
        }),
    });
    const { sourceId } = request;
    const unwatchPortal = this.#portalLife?.watch((reason) => capture.giveUp(reason));
    let unwatch = (): void => undefined;
    if (sourceId !== null && kindOfSource(sourceId) === 'window')
      unwatch = this.watchWindow(sourceId, (sight) => capture.setSight(sight));
    // The portal would ask the person again.
    else if (!isWaylandSession()) this.#screenCaptures.add(capture);
    this.#captures.add(capture);
    return {
      setDemand: (demand) => capture.setDemand(demand),
      film: (sink, paused) => capture.film(sink, paused),
      close: () => {
        unwatch();
        unwatchPortal?.();
        this.#captures.delete(capture);
        this.#screenCaptures.delete(capture);
        capture.close();
      },
    };
  }

  /** Ends every capture. Idempotent. */
  close(): void {
    screen.off('display-added', this.#onAdded);
    screen.off('display-removed', this.#onRemoved);
    this.#portal?.close();
    this.#portalLife?.close();
    for (const capture of this.#captures) capture.close();
    this.#captures.clear();
    this.#screenCaptures.clear();
  }

  readonly #onAdded = (): void => {
    for (const capture of this.#screenCaptures) capture.onScreensChanged('added');
  };

  readonly #onRemoved = (): void => {
    for (const capture of this.#screenCaptures) capture.onScreensChanged('removed');
  };
}
