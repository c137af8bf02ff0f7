import { describe, expect, it } from 'vitest';
import {
  type CaptureAttemptObserver,
  RecoveringCapture,
} from '../../../src-main/desktop/recovering-capture.ts';
import type { CaptureDemand, CaptureStatus } from '../../../src-main/stream/screen-source.ts';
import { beginFakeFilm, type FakeFilm, notingSink } from '../../fakes/fake-film.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';

interface Attempt {
  readonly observer: CaptureAttemptObserver;
  readonly openedAtMs: number;
  demand: CaptureDemand;
  closed: boolean;
  readonly films: FakeFilm[];
}

const FRAME = { jpeg: Buffer.from('jpeg'), widthPx: 4, heightPx: 2, capturedAtMs: 1 };

function createRig({ steadyFrames = true, asksPerson = false } = {}) {
  const clock = new ManualClock();
  const attempts: Attempt[] = [];
  const statuses: CaptureStatus[] = [];
  let frames = 0;
  let unchanged = 0;
  const capture = new RecoveringCapture({
    clock,
    log: new SilentLogger(),
    firstFrameTimeoutMs: 10_000,
    steadyFrames,
    asksPerson,
    observer: {
      onFrame: () => {
        frames += 1;
      },
      onUnchanged: (captures) => {
        unchanged += captures;
      },
      onStatus: (status) => statuses.push(status),
    },
    openAttempt: (demand, observer) => {
      const attempt: Attempt = {
        observer,
        openedAtMs: clock.monotonicMs(),
        demand,
        closed: false,
        films: [],
      };
      attempts.push(attempt);
      return {
        setDemand: (now) => {
          attempt.demand = now;
        },
        film: (sink, paused) => beginFakeFilm(attempt.films, sink, paused),
        close: () => {
          attempt.closed = true;
        },
      };
    },
  });
  const latest = (): Attempt => {
    const attempt = attempts.at(-1);
    if (!attempt) throw new Error('nothing was tried');
    return attempt;
  };
  /** Lets time pass in which the attempt reports as a healthy one does. */
  const live = (forMs: number): void => {
    for (let passedMs = 0; passedMs < forMs; passedMs += 500) {
      clock.advance(500);
      latest().observer.onAlive(30, 0, clock.monotonicMs());
    }
  };
  return {
    clock,
    capture,
    attempts,
    statuses,
    latest,
    live,
    frames: () => frames,
    unchanged: () => unchanged,
  };
}

describe('recoveringCapture', () => {
  it('is live from the first frame on', () => {
    const rig = createRig();
    expect(rig.statuses).toEqual([]);
    rig.latest().observer.onFrame(FRAME);
    rig.latest().observer.onFrame(FRAME);
    expect(rig.statuses).toEqual([{ state: 'live' }]);
    expect(rig.frames()).toBe(2);
  });

  it('restarts at once when a picture is lost, with the present demand', () => {
    const rig = createRig();
    rig.latest().observer.onFrame(FRAME);
    rig.capture.setDemand('watched');
    rig.live(6000);
    rig.latest().observer.onLost('the capture process ended unexpectedly');
    rig.clock.advance(0);
    expect(rig.attempts).toHaveLength(2);
    expect(rig.attempts[0]).toMatchObject({ closed: true, demand: 'watched' });
    expect(rig.latest().demand).toBe('watched');
    expect(rig.statuses.at(-1)).toEqual({
      state: 'recovering',
      message: 'The screen capture restarts: the capture process ended unexpectedly.',
    });
    rig.latest().observer.onFrame(FRAME);
    expect(rig.statuses.at(-1)).toEqual({ state: 'live' });
  });

  it('goes on filming, with a new stream, when the picture is back', () => {
    const rig = createRig();
    const { sink, notes } = notingSink();
    rig.latest().observer.onFrame(FRAME);
    const film = rig.capture.film(sink, false);
    rig.latest().films[0]?.sink.onPiece(Buffer.from('one'), () => undefined);
    const lost = rig.latest();
    rig.live(6000);
    lost.observer.onLost('the capture process ended unexpectedly');
    film.setPaused(true);
    rig.clock.advance(0);
    expect(rig.latest()).not.toBe(lost);
    expect(rig.latest().films[0]?.paused).toBe(true);
    lost.films[0]?.sink.onPiece(Buffer.from('late'), () => undefined);
    rig.latest().films[0]?.sink.onPiece(Buffer.from('two'), () => undefined);
    expect(notes).toEqual(['stream', 'one', 'stream', 'two']);
    film.end();
    rig.latest().films[0]?.sink.onEnd(null);
    expect(notes.at(-1)).toBe('end');
    const last = rig.latest();
    last.observer.onLost('the capture process ended unexpectedly');
    while (rig.latest() === last) rig.clock.advance(100);
    expect(rig.latest().films).toEqual([]);
  });

  it('waits ever longer, up to 10 s, while it keeps failing, and says so', () => {
    const rig = createRig();
    const gaps: number[] = [];
    for (let failure = 0; failure < 10; failure++) {
      const lostAtMs = rig.clock.monotonicMs();
      rig.latest().observer.onLost('the screen cannot be captured right now');
      while (rig.latest().closed) rig.clock.advance(1);
      gaps.push(Math.round(rig.clock.monotonicMs() - lostAtMs));
    }
    expect(gaps.slice(0, 6)).toEqual([1, 250, 500, 1000, 2000, 4000]);
    expect(gaps.slice(6)).toEqual([8000, 10_000, 10_000, 10_000]);
    expect(rig.statuses.at(-1)).toEqual({
      state: 'failed',
      message: 'No picture from the screen: the screen cannot be captured right now. Trying again…',
    });
    expect(rig.statuses.every(({ state }) => state === 'failed')).toBe(true);
  });

  it('does not restart in a hurry for ever when each try brings a frame and dies', () => {
    const rig = createRig();
    for (let failure = 0; failure < 6; failure++) {
      rig.latest().observer.onFrame(FRAME);
      rig.latest().observer.onLost('the capture process ended unexpectedly');
      while (rig.latest().closed) rig.clock.advance(50);
    }
    expect(rig.clock.monotonicMs() - (rig.attempts[0]?.openedAtMs ?? 0)).toBeGreaterThan(5000);
  });

  it('restarts a capture that says nothing any more', () => {
    const rig = createRig();
    rig.latest().observer.onFrame(FRAME);
    rig.live(2000);
    rig.clock.advance(6000);
    expect(rig.attempts).toHaveLength(2);
    expect(rig.statuses.at(-1)?.state).toBe('recovering');
  });

  it('restarts a capture that is alive but sees nothing, where frames come steadily', () => {
    for (const steadyFrames of [true, false]) {
      const rig = createRig({ steadyFrames });
      rig.latest().observer.onFrame(FRAME);
      for (let passedMs = 0; passedMs < 20_000; passedMs += 500) {
        rig.clock.advance(500);
        rig.latest().observer.onAlive(0, 0, 1);
      }
      expect(rig.attempts.length > 1).toBe(steadyFrames);
    }
  });

  it('gives up on an attempt that brings no first frame in time', () => {
    const rig = createRig();
    for (let passedMs = 0; passedMs < 12_000; passedMs += 500) {
      rig.clock.advance(500);
      rig.attempts[0]?.observer.onAlive(0, 0, 0);
    }
    expect(rig.attempts.length).toBeGreaterThan(1);
  });

  it('does not blame the capture for a suspended machine', () => {
    const rig = createRig();
    rig.latest().observer.onFrame(FRAME);
    rig.live(2000);
    rig.clock.suspend(3_600_000);
    rig.live(5000);
    expect(rig.attempts).toHaveLength(1);
    expect(rig.statuses).toEqual([{ state: 'live' }]);
  });

  it('does not ask a person again who refused, and closes as ever', () => {
    const rig = createRig({ asksPerson: true });
    rig.latest().observer.onLost('the operating system did not allow the screen to be captured');
    rig.clock.advance(60_000);
    expect(rig.attempts).toHaveLength(1);
    expect(rig.latest().closed).toBe(true);
    expect(rig.statuses).toMatchObject([{ state: 'failed' }]);
    rig.capture.setDemand('watched');
    rig.capture.close();
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('gives up once and for all where another attempt would ask unasked', () => {
    const rig = createRig();
    rig.latest().observer.onFrame(FRAME);
    rig.capture.giveUp('PipeWire went away');
    rig.capture.giveUp('PipeWire went away');
    rig.latest().observer.onLost('the track ended');
    rig.clock.advance(60_000);
    expect(rig.attempts).toHaveLength(1);
    expect(rig.latest().closed).toBe(true);
    expect(rig.statuses.slice(1)).toEqual([
      {
        state: 'failed',
        message: 'No picture from the screen: PipeWire went away. Start the share again to be asked again.',
      },
    ]);
    rig.capture.close();
    rig.capture.giveUp('PipeWire went away');
    expect(rig.statuses).toHaveLength(2);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('passes on captures that looked the same only while it is live', () => {
    const rig = createRig();
    rig.latest().observer.onAlive(3, 3, 1);
    expect(rig.unchanged()).toBe(0);
    rig.latest().observer.onFrame(FRAME);
    rig.latest().observer.onAlive(3, 2, 1);
    expect(rig.unchanged()).toBe(2);
  });

  it('does not listen to an attempt that it gave up on', () => {
    const rig = createRig();
    rig.latest().observer.onFrame(FRAME);
    rig.latest().observer.onLost('it is gone');
    rig.clock.advance(0);
    rig.attempts[0]?.observer.onFrame(FRAME);
    rig.attempts[0]?.observer.onLost('it is gone');
    expect(rig.frames()).toBe(1);
    expect(rig.attempts).toHaveLength(2);
  });

  it.each(['while it runs', 'while it waits to try again'])('closes %s, and leaves no timer', (when) => {
    const rig = createRig();
    rig.latest().observer.onFrame(FRAME);
    if (when !== 'while it runs') rig.latest().observer.onLost('it is gone');
    const told = rig.statuses.length;
    rig.capture.close();
    rig.capture.close();
    expect(rig.attempts.every(({ closed }) => closed)).toBe(true);
    expect(rig.clock.pendingTimers).toBe(0);
    rig.latest().observer.onFrame(FRAME);
    expect(rig.statuses).toHaveLength(told);
  });

  it('looks anew at once when a screen goes away, and when one comes that may be waited for', () => {
    const rig = createRig();
    rig.latest().observer.onFrame(FRAME);
    rig.live(6000);
    rig.capture.onScreensChanged('added');
    expect(rig.attempts).toHaveLength(1);
    rig.capture.onScreensChanged('removed');
    rig.clock.advance(0);
    expect(rig.attempts).toHaveLength(2);
    for (let failure = 0; failure < 5; failure++) {
      rig.latest().observer.onLost('the shared screen is no longer there');
      if (failure < 4) while (rig.latest().closed) rig.clock.advance(50);
    }
    expect(rig.latest().closed).toBe(true);
    const tried = rig.attempts.length;
    rig.capture.onScreensChanged('added');
    expect(rig.attempts).toHaveLength(tried + 1);
    rig.clock.advance(0);
    rig.latest().observer.onFrame(FRAME);
    expect(rig.statuses.at(-1)).toEqual({ state: 'live' });
    rig.capture.close();
    rig.capture.onScreensChanged('removed');
    rig.capture.onScreensChanged('added');
    expect(rig.attempts).toHaveLength(tried + 1);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('does not ask a person again who refused because a screen came or went', () => {
    const rig = createRig({ asksPerson: true });
    rig.latest().observer.onLost('the operating system did not allow the screen to be captured');
    rig.capture.onScreensChanged('added');
    rig.capture.onScreensChanged('removed');
    expect(rig.attempts).toHaveLength(1);
  });

  it('says that a window is minimised or elsewhere, and shows it anew when it is back', () => {
    const rig = createRig();
    rig.latest().observer.onFrame(FRAME);
    rig.capture.setSight('elsewhere');
    const message = 'The shared window is on another workspace.';
    expect(rig.statuses.at(-1)).toEqual({ state: 'hidden', message });
    rig.capture.setSight('hidden');
    expect(rig.statuses.at(-1)).toEqual({ state: 'hidden', message: 'The shared window is minimised.' });
    rig.latest().observer.onFrame(FRAME);
    expect(rig.frames()).toBe(1);
    rig.live(60_000);
    expect(rig.attempts).toHaveLength(1);

    rig.capture.setSight('seen');
    expect(rig.attempts).toHaveLength(2);
    expect(rig.attempts[0]?.closed).toBe(true);
    rig.latest().observer.onFrame(FRAME);
    expect(rig.statuses.at(-1)).toEqual({ state: 'live' });
    expect(rig.frames()).toBe(2);
  });

  it('waits for a window that is on another workspace from the start, and tries again when it is seen', () => {
    const rig = createRig();
    rig.latest().observer.onLost('the shared window is on another workspace');
    rig.capture.setSight('elsewhere');
    const tried = rig.attempts.length;
    rig.clock.advance(60_000);
    expect(rig.attempts).toHaveLength(tried);
    const message = 'The shared window is on another workspace.';
    expect(rig.statuses.at(-1)).toEqual({ state: 'hidden', message });
    rig.capture.setSight('seen');
    expect(rig.attempts).toHaveLength(tried + 1);
    // Lost while it is elsewhere, there is nothing to try either; whether it was closed there, an attempt finds out.
    rig.capture.setSight('elsewhere');
    rig.latest().observer.onLost('the capture process ended unexpectedly');
    rig.clock.advance(60_000);
    expect(rig.attempts).toHaveLength(tried + 1);
    rig.capture.setSight('hidden');
    expect(rig.attempts).toHaveLength(tried + 2);
    rig.latest().observer.onGone('The shared window was closed.');
    expect(rig.statuses.at(-1)).toEqual({ state: 'gone', message: 'The shared window was closed.' });
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('never tries again once its window is closed, minimised or not', () => {
    for (const sight of ['seen', 'hidden', 'elsewhere'] as const) {
      const rig = createRig();
      rig.latest().observer.onFrame(FRAME);
      rig.capture.setSight(sight);
      rig.latest().observer.onGone('The shared window was closed.');
      // The list of windows tells later that it is out of sight.
      rig.capture.setSight('hidden');
      expect(rig.statuses.at(-1)).toEqual({ state: 'gone', message: 'The shared window was closed.' });
      rig.capture.setSight('seen');
      rig.clock.advance(60_000);
      expect(rig.attempts).toHaveLength(1);
      expect(rig.latest().closed).toBe(true);
      expect(rig.clock.pendingTimers).toBe(0);
    }
  });

  describe('where a person is asked', () => {
    const ENDED = 'Sharing was stopped.';

    it('is over a moment after an end that may be theirs', () => {
      const rig = createRig({ asksPerson: true });
      rig.latest().observer.onFrame(FRAME);
      rig.latest().observer.onGone(ENDED);
      rig.clock.advance(60_000);
      expect(rig.statuses).toEqual([{ state: 'live' }, { state: 'gone', message: ENDED }]);
      expect(rig.attempts).toHaveLength(1);
    });

    it('stays without a picture if that was the end of a service, whichever is heard of first', () => {
      for (const isServiceFirst of [true, false]) {
        const rig = createRig({ asksPerson: true });
        rig.latest().observer.onFrame(FRAME);
        if (isServiceFirst) rig.capture.giveUp('PipeWire is gone');
        rig.latest().observer.onGone(ENDED);
        rig.clock.advance(200);
        rig.capture.giveUp('PipeWire is gone');
        rig.clock.advance(60_000);
        expect(rig.statuses).toMatchObject([{ state: 'live' }, { state: 'failed' }]);
        expect(rig.attempts).toHaveLength(1);
      }
    });

    it('tells nothing more once it is closed', () => {
      const rig = createRig({ asksPerson: true });
      rig.latest().observer.onGone(ENDED);
      rig.capture.close();
      expect(rig.clock.pendingTimers).toBe(0);
      expect(rig.statuses).toEqual([]);
    });
  });
});
