import type {
  CaptureDemand,
  CaptureObserver,
  CaptureRequest,
  ScreenCapture,
  ScreenSource,
} from '../../src-main/stream/screen-source.ts';
import { PortholeError } from '../../src-shared/errors.ts';
import { beginFakeFilm, type FakeFilm } from './fake-film.ts';

/** A capture that a test drives by hand. */
export interface FakeCapture {
  readonly request: CaptureRequest;
  readonly observer: CaptureObserver;
  demand: CaptureDemand;
  closed: boolean;
  /** The films that are taken of it. */
  readonly films: FakeFilm[];
}

/** A screen that shows what a test says; `available` false is a machine without one. */
export class FakeScreenSource implements ScreenSource {
  readonly captures: FakeCapture[] = [];
  available = true;

  assertAvailable(): void {
    if (!this.available) throw new PortholeError('no_screen');
  }

  open(request: CaptureRequest, observer: CaptureObserver): ScreenCapture {
    const capture: FakeCapture = { request, observer, demand: 'unwatched', closed: false, films: [] };
    this.captures.push(capture);
    return {
      setDemand: (demand) => {
        capture.demand = demand;
      },
      film: (sink, paused) => beginFakeFilm(capture.films, sink, paused),
      close: () => {
        capture.closed = true;
      },
    };
  }
}
