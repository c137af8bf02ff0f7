import type {
  CaptureDemand,
  CaptureObserver,
  CaptureRequest,
  ScreenCapture,
  ScreenSource,
} from '../../src-main/stream/screen-source.ts';
import { PortholeError } from '../../src-shared/errors.ts';

/** A capture that a test drives by hand. */
export interface FakeCapture {
  readonly request: CaptureRequest;
  readonly observer: CaptureObserver;
  demand: CaptureDemand;
  closed: boolean;
}

/** A screen that shows what a test says; `available` false is a machine without one. */
export class FakeScreenSource implements ScreenSource {
  readonly captures: FakeCapture[] = [];
  available = true;

  assertAvailable(): void {
    if (!this.available) throw new PortholeError('no_screen');
  }

  open(request: CaptureRequest, observer: CaptureObserver): ScreenCapture {
    const capture: FakeCapture = { request, observer, demand: 'unwatched', closed: false };
    this.captures.push(capture);
    return {
      setDemand: (demand) => {
        capture.demand = demand;
      },
      close: () => {
        capture.closed = true;
      },
    };
  }
}
