import { decompressSync, FORMAT_BGRX } from '@julusian/jpeg-turbo';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type RecordingOrder,
  ScreenRecorder,
} from '../../../../../src-main/desktop/preload/capture/screen-recorder.ts';
import type { CaptureReport } from '../../../../../src-shared/capture-messages.ts';
import { FakeVideoFrame } from '../../../../fakes/fake-video-frame.ts';
import { settle } from '../../../../fakes/gated-output.ts';

const ORDER: RecordingOrder = {
  type: 'begin',
  maxWidthPx: 1280,
  maxHeightPx: 720,
  framesPerSecond: 30,
  jpegQuality: 70,
  demand: 'watched',
  viaPortal: false,
};

/** What Chromium gives to a page that may capture a screen. */
class FakeScreen {
  readonly constraints: MediaTrackConstraints[] = [];
  isStopped = false;
  clones = 0;
  stoppedClones = 0;
  refusal: Error | null = null;
  openFrames = 0;
  #frames: ReadableStreamDefaultController<unknown> | null = null;

  constructor() {
    const track = {
      applyConstraints: async (constraints: MediaTrackConstraints) => this.constraints.push(constraints),
      stop: () => {
        this.isStopped = true;
      },
      clone: () => {
        this.clones += 1;
        return {
          stop: () => {
            this.stoppedClones += 1;
          },
        };
      },
    };
    vi.stubGlobal('navigator', {
      mediaDevices: {
        getDisplayMedia: async ({ video }: { video: MediaTrackConstraints }) => {
          if (this.refusal) throw this.refusal;
          this.constraints.push(video);
          return { getVideoTracks: () => [track] };
        },
      },
    });
    const readable = new ReadableStream({
      start: (controller) => {
        this.#frames = controller;
      },
    });
    vi.stubGlobal(
      'MediaStreamTrackProcessor',
      class {
        readonly readable = readable;
      },
    );
  }

  /** Shows a picture of 640x360, which differs from any other of another `shade`, and waits until it was dealt with. */
  async show(
    shade: number,
    format: string | null = 'I420',
    [widthPx, heightPx]: readonly [number, number] = [640, 360],
  ): Promise<void> {
    this.openFrames += 1;
    const frame = new FakeVideoFrame(format, widthPx, heightPx, (x) => (x + shade) % 256);
    const close = (): void => {
      this.openFrames -= 1;
    };
    this.#frames?.enqueue(Object.assign(frame, { close }));
    while (this.openFrames > 0) await settle();
    await settle();
  }

  end(): void {
    this.#frames?.close();
  }
}

let screen: FakeScreen;
let reports: CaptureReport[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['hrtime', 'setInterval', 'clearInterval'] });
  // The machine was not started this very moment.
  vi.advanceTimersByTime(1000);
  screen = new FakeScreen();
  reports = [];
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function record(
  demand: RecordingOrder['demand'] = 'watched',
  viaPortal = false,
): Promise<ScreenRecorder> {
  const recorder = new ScreenRecorder({ ...ORDER, demand, viaPortal }, (report) => reports.push(report));
  void recorder.record();
  await settle();
  return recorder;
}

function frames() {
  return reports.filter((report) => report.type === 'frame');
}

function sizeOf(jpeg: Uint8Array): string {
  const { width, height } = decompressSync(Buffer.from(jpeg), { format: FORMAT_BGRX });
  return `${width}x${height}`;
}

describe('screenRecorder', () => {
  it('sends each picture that differs from the last, and counts those that do not', async () => {
    const recorder = await record();
    for (const shade of [1, 1, 2, 2, 2]) {
      await screen.show(shade);
      recorder.onTaken();
    }
    expect(frames().map(({ jpeg }) => sizeOf(jpeg))).toEqual(['640x360', '640x360']);
    vi.advanceTimersByTime(500);
    expect(reports.at(-1)).toMatchObject({ type: 'alive', captures: 5, unchangedCaptures: 3 });
  });

  it('sends no more than two that were not taken, and then what is new since', async () => {
    const recorder = await record();
    for (const shade of [1, 2, 3, 4]) await screen.show(shade);
    expect(frames()).toHaveLength(2);
    recorder.onTaken();
    await screen.show(4);
    expect(frames()).toHaveLength(3);
  });

  it('makes small pictures, half as wide and high, while they are wanted, and not more than one in 60 ms', async () => {
    const recorder = await record();
    const smallOf = async (shade: number, afterMs: number): Promise<string | null> => {
      vi.advanceTimersByTime(afterMs);
      await screen.show(shade);
      recorder.onTaken();
      const { small } = frames().at(-1) ?? {};
      return small ? sizeOf(small) : null;
    };
    expect(await smallOf(1, 100)).toBeNull();
    recorder.setDemand('tiered');
    expect(await smallOf(2, 100)).toBe('320x180');
    expect(await smallOf(3, 59)).toBeNull();
    expect(await smallOf(4, 1)).toBe('320x180');
    recorder.setDemand('watched');
    expect(await smallOf(5, 100)).toBeNull();
  });

  it('makes no small picture of what comes from a graphics card', async () => {
    await record('tiered');
    vi.advanceTimersByTime(100);
    await screen.show(1, null);
    expect(frames()).toHaveLength(1);
    expect(frames()[0]).not.toHaveProperty('small');
  });

  it('looks once per second while nobody watches, from the first frame on', async () => {
    const recorder = await record('unwatched');
    expect(screen.constraints.at(-1)?.frameRate).toEqual({ ideal: 30, max: 30 });
    await screen.show(1);
    expect(screen.constraints.at(-1)?.frameRate).toEqual({ ideal: 1, max: 1 });
    recorder.setDemand('watched');
    await settle();
    expect(screen.constraints.at(-1)?.frameRate).toEqual({ ideal: 30, max: 30 });
  });

  it('leaves the rate of a portal as it is, whoever watches, and never has its track alone', async () => {
    const recorder = await record('unwatched', true);
    expect(screen.clones).toBe(1);
    await screen.show(1);
    recorder.setDemand('watched');
    await settle();
    const rates = screen.constraints.map(({ frameRate }) => frameRate);
    expect(rates).toEqual(rates.map(() => ({ ideal: 30, max: 30 })));
    expect(frames()).toHaveLength(1);
    screen.end();
    await settle();
    expect(screen.isStopped).toBe(true);
    expect(screen.stoppedClones).toBeGreaterThan(0);
  });

  it('sends what a portal gives at once, though it is larger than wanted: another may not come', async () => {
    vi.stubGlobal(
      'OffscreenCanvas',
      class {
        constructor(
          readonly width: number,
          readonly height: number,
        ) {}
        getContext() {
          return { drawImage: () => undefined };
        }
      },
    );
    vi.stubGlobal('VideoFrame', function drawn({ width, height }: { width: number; height: number }) {
      return Object.assign(new FakeVideoFrame(null, width, height, (x) => x % 256), {
        close: () => undefined,
      });
    });
    await record('watched', true);
    await screen.show(1, 'I420', [3840, 2160]);
    expect(frames().map(({ jpeg }) => sizeOf(jpeg))).toEqual(['1280x720']);
  });

  it('has no other track than the one that it reads where no portal captures', async () => {
    await record();
    await screen.show(1);
    expect(screen.clones).toBe(0);
  });

  it('says that the screen is lost when it ends, and lets go of it', async () => {
    await record();
    await screen.show(1);
    screen.end();
    await settle();
    expect(reports.at(-1)).toEqual({ type: 'lost', name: 'Ended', message: 'The track ended.' });
    expect(screen.isStopped).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('says why it may not capture', async () => {
    screen.refusal = new DOMException('No.', 'NotAllowedError');
    await record();
    expect(reports.at(-1)).toEqual({ type: 'lost', name: 'NotAllowedError', message: 'No.' });
    expect(vi.getTimerCount()).toBe(0);
  });
});
