import { type BrowserWindow, MessageChannelMain, type MessagePortMain } from 'electron';
import {
  CAPTURE_PORT_CHANNEL,
  type CaptureCommand,
  type CaptureReport,
  captureReportSchema,
} from '#shared/capture-messages';
import type { Preset } from '#shared/presets';
import { kindOfSource } from '#shared/sources';
import type { Logger } from '../logger.ts';
import type { CaptureDemand, Film, FilmSink } from '../stream/screen-source.ts';
import { CAPTURE_ORIGIN, getCaptureSession, grantSource } from './capture-session.ts';
import { isWaylandSession } from './display-server.ts';
import { createHardenedWindow } from './hardened-window.ts';
import type { CaptureAttempt, CaptureAttemptObserver } from './recovering-capture.ts';
import { isTrustedSender } from './trusted-sender.ts';
import { WindowFilms } from './window-films.ts';

const WINDOW_CLOSED = 'The shared window was closed.';
const REFUSED = 'Sharing was refused, or stopped, from the desktop.';

/** What a {@link CaptureWindow} needs. */
export interface CaptureWindowOptions {
  readonly sourceId: string | null;
  readonly preset: Preset;
  /** libjpeg's, 1 to 100. */
  readonly jpegQuality: number;
  /** What films are to take up; VP9 stays below it where little moves. */
  readonly filmBitsPerSecond: number;
  readonly demand: CaptureDemand;
  /** Absolute path of the built `preload/capture.ts`. */
  readonly preload: string;
  /** What to add to a time of `process.hrtime`, in milliseconds, to have it on the agent's monotonic clock. */
  readonly clockOffsetMs: number;
  readonly log: Logger;
  readonly observer: CaptureAttemptObserver;
  /** Whether a window that is not listed is on another workspace, and so not closed. */
  readonly isElsewhere: (windowId: string) => Promise<boolean>;
}

/**
 * A hidden window that captures and encodes the screen in its preload until it is lost or closed. A process of its
 * own: what goes wrong there, native encoder included, takes down neither the agent nor another capture.
 */
export class CaptureWindow implements CaptureAttempt {
  readonly #options: CaptureWindowOptions;
  readonly #window: BrowserWindow;
  readonly #port: MessagePortMain;
  #demand: CaptureDemand;
  readonly #films: WindowFilms;
  #begun = false;
  #done = false;
  /** Whether what is to be captured is not there. */
  #isMissing = false;

  constructor(options: CaptureWindowOptions) {
    this.#options = options;
    this.#demand = options.demand;
    this.#films = new WindowFilms(options.filmBitsPerSecond);
    this.#window = createHardenedWindow({
      allowedOrigin: CAPTURE_ORIGIN,
      session: getCaptureSession(),
      preload: options.preload,
      window: {
        show: false,
        width: 64,
        height: 64,
        skipTaskbar: true,
        focusable: false,
        title: 'Porthole screen capture',
      },
      sandbox: false,
      backgroundThrottling: false,
      // Electron has named the request to capture a screen in both ways. No camera, no microphone.
      allowPermission: (permission, details) =>
        permission === 'display-capture' ||
        (permission === 'media' && 'mediaTypes' in details && isEmptyArray(details.mediaTypes)),
    });
    const { port1, port2 } = new MessageChannelMain();
    this.#port = port1;
    const { webContents } = this.#window;
    grantSource(webContents, {
      sourceId: options.sourceId,
      onMissing: () => this.#onMissing(),
    });
    webContents.once('render-process-gone', (_event, details) => {
      options.log.warn({ reason: details.reason, exitCode: details.exitCode }, 'The capture process is gone');
      this.#lose('the capture process ended unexpectedly');
    });
    webContents.once('preload-error', (_event, _path, error) => {
      options.log.error({ err: error }, 'The capture preload failed');
      this.#lose('the capture process could not start');
    });
    webContents.ipc.on(CAPTURE_PORT_CHANNEL, (event) => {
      if (this.#begun || !isTrustedSender(event, webContents, `${CAPTURE_ORIGIN}/`)) return;
      webContents.postMessage(CAPTURE_PORT_CHANNEL, null, [port2]);
      const { maxWidthPx, maxHeightPx, framesPerSecond } = options.preset;
      this.#tell({
        type: 'begin',
        maxWidthPx,
        maxHeightPx,
        framesPerSecond,
        jpegQuality: this.#options.jpegQuality,
        demand: this.#demand,
        viaPortal: isWaylandSession(),
      });
      this.#begun = true;
      this.#films.onListening((command) => this.#tell(command));
    });
    port1.on('message', ({ data }) => this.#onMessage(data));
    port1.start();
    this.#window.loadURL(`${CAPTURE_ORIGIN}/`).catch((error: unknown) => {
      if (this.#done) return;
      options.log.error({ err: error }, 'The capture page did not load');
      this.#lose('the capture process could not start');
    });
  }

  setDemand(demand: CaptureDemand): void {
    this.#demand = demand;
    if (this.#begun && !this.#done) this.#tell({ type: 'demand', demand });
  }

  film(sink: FilmSink, paused: boolean): Film {
    return this.#films.begin(sink, paused);
  }

  close(): void {
    this.#done = true;
    this.#films.close();
    this.#port.close();
    if (!this.#window.isDestroyed()) this.#window.destroy();
  }

  #tell(command: CaptureCommand): void {
    this.#port.postMessage(command);
  }

  #onMessage(data: unknown): void {
    if (this.#done || this.#isMissing) return;
    const parsed = captureReportSchema.safeParse(data);
    if (!parsed.success) {
      this.#options.log.error({ err: parsed.error }, 'The capture process sent what nobody understands');
      this.#lose('the capture process failed');
      return;
    }
    this.#onReport(parsed.data);
  }

  #onReport(report: CaptureReport): void {
    const { observer, clockOffsetMs, log } = this.#options;
    if (report.type === 'frame') {
      this.#tell({ type: 'taken' });
      const { widthPx, heightPx, jpeg, small } = report;
      observer.onFrame({
        widthPx,
        heightPx,
        capturedAtMs: report.capturedAtMs + clockOffsetMs,
        jpeg: toBuffer(jpeg),
        ...(small ? { small: toBuffer(small) } : {}),
      });
    } else if (report.type === 'alive') {
      observer.onAlive(report.captures, report.unchangedCaptures, report.capturedAtMs + clockOffsetMs);
    } else if (report.type === 'film_piece' || report.type === 'film_ended') {
      this.#films.onReport(report);
    } else {
      log.warn({ name: report.name, detail: report.message }, 'The capture process lost the screen');
      const { name } = report;
      if (name === 'Ended' && this.#showsWindow()) this.#vanish(WINDOW_CLOSED);
      // Through the portal a "no" comes as either, and a stop from the desktop as the first.
      else if (isWaylandSession() && (name === 'Ended' || name === 'NotAllowedError')) this.#vanish(REFUSED);
      else this.#lose(explainLoss(name));
    }
  }

  #showsWindow(): boolean {
    return this.#options.sourceId !== null && kindOfSource(this.#options.sourceId) === 'window';
  }

  /**
   * A screen may be plugged in again, and a window of another workspace come back; one that is not there is no longer the
   * one that was chosen.
   */
  #onMissing(): void {
    const { sourceId, isElsewhere } = this.#options;
    if (sourceId === null || !this.#showsWindow()) {
      this.#lose('the shared screen is no longer there');
      return;
    }
    // The page's own refusal, which comes next, says less.
    this.#isMissing = true;
    void isElsewhere(sourceId)
      .catch(() => false)
      .then((elsewhere) => {
        if (elsewhere) this.#lose('the shared window is on another workspace');
        else this.#vanish(WINDOW_CLOSED);
      });
  }

  #vanish(message: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#options.observer.onGone(message);
  }

  #lose(reason: string): void {
    if (this.#done) return;
    this.#done = true;
    this.#options.observer.onLost(reason);
  }
}

/** What a DOMException of `getDisplayMedia`, or the end of a track, means to people. */
function explainLoss(name: string): string {
  switch (name) {
    case 'NotAllowedError':
      return 'the operating system did not allow the screen to be captured';
    case 'NotFoundError':
      return 'the shared screen or window is no longer there';
    case 'Ended':
      return 'the screen stopped sending pictures';
    default:
      return 'the screen cannot be captured right now';
  }
}

function isEmptyArray(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** The same memory. */
function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
