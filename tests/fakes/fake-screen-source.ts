import type {
  CaptureDemand,
  CapturedFrame,
  CaptureObserver,
  CaptureRequest,
  ListedSource,
  ScreenCapture,
  ScreenSource,
  SourceListing,
  WindowSight,
} from '../../src-main/stream/screen-source.ts';
import { PortholeError } from '../../src-shared/errors.ts';
import type { FrameSize } from '../../src-shared/presets.ts';
import { beginFakeFilm, type FakeFilm } from './fake-film.ts';

/** A capture that a test drives by hand. */
export interface FakeCapture {
  readonly request: CaptureRequest;
  readonly observer: CaptureObserver;
  demand: CaptureDemand;
  /** Every demand that was made, in order. */
  readonly demands: CaptureDemand[];
  closed: boolean;
  /** The films that are taken of it. */
  readonly films: FakeFilm[];
}

/** A screen that shows what a test says; `available` false is a machine without one. */
export class FakeScreenSource implements ScreenSource {
  readonly captures: FakeCapture[] = [];
  available = true;
  /** What can be shared, in the system's order; the picture of each is its id, in so many bytes. */
  sources: ListedSource[] = [
    { id: 'screen:1:0', name: 'Entire screen', kind: 'screen', is_primary: true },
    { id: 'window:7:0', name: 'Editor', kind: 'window', is_primary: false },
  ];
  /** The sizes of pictures that lists were asked for, null for none. */
  readonly lists: (FrameSize | null)[] = [];
  /** What every capture shows as soon as it is opened, if anything. */
  still: CapturedFrame | null = null;

  assertAvailable(): void {
    if (!this.available) throw new PortholeError('no_screen');
  }

  /** Who watches which window, to be told by the test that it goes out of sight. */
  readonly sights = new Map<string, Set<(sight: WindowSight) => void>>();

  watchWindow(windowId: string, onSight: (sight: WindowSight) => void): () => void {
    const listeners = this.sights.get(windowId) ?? new Set();
    this.sights.set(windowId, listeners.add(onSight));
    return () => listeners.delete(onSight);
  }

  async list(thumbnail: FrameSize | null): Promise<SourceListing> {
    this.lists.push(thumbnail);
    const { sources } = this;
    return {
      sources,
      thumbnail: (sourceId) =>
        thumbnail && sources.some(({ id }) => id === sourceId) ? Buffer.from(sourceId) : null,
    };
  }

  open(request: CaptureRequest, observer: CaptureObserver): ScreenCapture {
    const capture: FakeCapture = {
      request,
      observer,
      demand: 'unwatched',
      demands: [],
      closed: false,
      films: [],
    };
    this.captures.push(capture);
    queueMicrotask(() => {
      if (!this.still || capture.closed) return;
      observer.onStatus({ state: 'live' });
      observer.onFrame(this.still);
    });
    return {
      setDemand: (demand) => {
        capture.demand = demand;
        capture.demands.push(demand);
      },
      film: (sink, paused) => beginFakeFilm(capture.films, sink, paused),
      close: () => {
        capture.closed = true;
      },
    };
  }
}
