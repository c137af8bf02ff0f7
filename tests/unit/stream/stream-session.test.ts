import { describe, expect, it } from 'vitest';
import type { ViewerEnd } from '../../../src-main/stream/mjpeg-writer.ts';
import { STANDARD_FRAMING } from '../../../src-main/stream/part-framing.ts';
import type { CapturedFrame, CaptureStatus } from '../../../src-main/stream/screen-source.ts';
import { SharedCapture } from '../../../src-main/stream/shared-capture.ts';
import { renderSlate } from '../../../src-main/stream/slate.ts';
import { StreamSession } from '../../../src-main/stream/stream-session.ts';
import type { StreamStatus } from '../../../src-main/stream/stream-state.ts';
import { notingSink } from '../../fakes/fake-film.ts';
import { FakeScreenSource } from '../../fakes/fake-screen-source.ts';
import { GatedOutput, settle } from '../../fakes/gated-output.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { readParts } from '../../fakes/multipart.ts';
import { SilentLogger } from '../../fakes/silent-logger.ts';

const INFO = { remoteAddress: '127.0.0.1', userAgent: null, grant: null, holder: null };

function picture(text: string): CapturedFrame {
  return { jpeg: Buffer.from(text), widthPx: 64, heightPx: 36, capturedAtMs: 1000 };
}

function createRig({ isLocked = false } = {}) {
  const clock = new ManualClock();
  const source = new FakeScreenSource();
  const captured: number[] = [];
  const statuses: StreamStatus[] = [];
  const gone: string[] = [];
  const joined: string[] = [];
  const left: [string, ViewerEnd][] = [];
  let deliveries = 0;
  const session = new StreamSession(
    { sourceId: null, quality: 'medium' },
    {
      sessionId: 'screen_00000001',
      clock,
      logger: new SilentLogger(),
      observer: {
        onCaptured: (_sessionId, frames) => captured.push(frames),
        onDelivered: () => {
          deliveries += 1;
        },
        onViewerJoined: ({ viewerId }) => joined.push(viewerId),
        onViewerLeft: ({ viewerId }, reason) => left.push([viewerId, reason]),
        onStatus: (_sessionId, status) => statuses.push(status),
        onGone: (_sessionId, reason) => gone.push(reason),
      },
      isLocked,
      join: (request) => new SharedCapture(source, request, clock, () => {}),
    },
  );
  const capture = (index = -1) => {
    const found = source.captures.at(index);
    if (!found) throw new Error('nothing is captured');
    return found;
  };
  const report = (status: CaptureStatus): void => capture().observer.onStatus(status);
  const show = (text: string): void => capture().observer.onFrame(picture(text));
  const watch = async (viewerId = 'viewer_1', isAdaptive = false) => {
    const output = new GatedOutput();
    session.addViewer(
      viewerId,
      { output, framing: STANDARD_FRAMING, heldBytes: () => null, isAdaptive },
      INFO,
    );
    await settle();
    return output;
  };
  const bodies = (output: GatedOutput): string[] =>
    readParts(output.taken).parts.map(({ body }) => (body.length > 100 ? 'slate' : body.toString()));
  return {
    clock,
    source,
    session,
    captured,
    statuses,
    gone,
    joined,
    left,
    capture,
    report,
    show,
    watch,
    bodies,
    deliveries: () => deliveries,
  };
}

/** A slate is painted on the thread pool; waits until it has been sent. */
async function untilSlate(rig: ReturnType<typeof createRig>, output: GatedOutput): Promise<void> {
  while (rig.bodies(output).at(-1) !== 'slate') await settle();
}

describe('streamSession', () => {
  it('captures at full rate exactly while somebody watches', async () => {
    const rig = createRig();
    expect(rig.capture().demand).toBe('unwatched');
    const output = await rig.watch();
    expect(rig.capture().demand).toBe('watched');
    output.destroy();
    await settle();
    expect(rig.capture().demand).toBe('unwatched');
    expect(rig.left).toEqual([['viewer_1', 'left']]);
  });

  it('hands the one picture that was encoded to all viewers, without a copy', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    const outputs = await Promise.all(
      Array.from({ length: 200 }, (_, index) => rig.watch(`viewer_${index}`)),
    );
    const jpeg = Buffer.alloc(500_000, 7);
    rig.capture().observer.onFrame({ jpeg, widthPx: 64, heightPx: 36, capturedAtMs: 1000 });
    await settle();
    for (const output of outputs) {
      const shared = output.pieces.filter(({ buffer }) => buffer === jpeg.buffer);
      expect(shared.reduce((sum, { length }) => sum + length, 0)).toBe(jpeg.length);
    }
    expect(rig.capture().demands).toEqual(['watched']);
  });

  it('has small pictures made while a viewer that may have them is slow, and sends it those', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    const [slow, other] = [await rig.watch('viewer_1', true), await rig.watch('viewer_2')];
    /** Shows a picture that a slow viewer takes only after so long. */
    const showSlowly = async (text: string, tookMs: number): Promise<void> => {
      slow.setOpen(false);
      rig.capture().observer.onFrame({ ...picture(text), small: Buffer.from(`small ${text}`) });
      await settle();
      rig.clock.advance(tookMs);
      slow.setOpen(true);
      await settle();
    };
    await showSlowly('one', 400);
    await showSlowly('two', 400);
    await showSlowly('three', 10);
    expect(rig.bodies(slow)).toEqual(['one', 'small two', 'small three']);
    const sizes = readParts(slow.taken).parts.map(({ headers }) => headers['X-Whole-Size']);
    expect(sizes).toEqual([undefined, '64x36', '64x36']);
    expect(rig.bodies(other).filter((body, index, all) => body !== all[index - 1])).toEqual([
      'one',
      'two',
      'three',
    ]);
    expect(rig.capture().demands).toEqual(['watched', 'tiered']);
    expect(rig.session.state().viewers[0]).toMatchObject({ frames: 3, drops: 0 });

    rig.clock.advance(500);
    await settle();
    expect(rig.bodies(slow).at(-1)).toBe('three');
    expect(rig.session.state().viewers[0]).toMatchObject({ frames: 3, drops: 0 });
    slow.destroy();
    await settle();
    expect(rig.capture().demands).toEqual(['watched', 'tiered', 'watched']);
  });

  it('shows a new viewer the newest frame at once', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    rig.show('two');
    expect(rig.bodies(await rig.watch())).toEqual(['two']);
  });

  it('counts captures that looked the same, and deliveries', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    rig.capture().observer.onUnchanged(5, 2000);
    expect(rig.captured).toEqual([1, 6]);
    expect(rig.session.framesCaptured).toBe(6);
    await rig.watch();
    expect(rig.deliveries()).toBe(1);
  });

  it('announces that it is live when the size of its frames is known', () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    expect(rig.statuses).toEqual([{ state: 'starting' }]);
    rig.show('one');
    rig.show('two');
    expect(rig.statuses).toEqual([{ state: 'starting' }, { state: 'live' }]);
    expect(rig.session.state().frameSize).toEqual({ widthPx: 64, heightPx: 36 });
  });

  it('shows a slate while the capture recovers, and the picture again after it', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    const output = await rig.watch();
    rig.report({ state: 'recovering', message: 'The screen capture restarts.' });
    expect(rig.session.state().status.state).toBe('recovering');
    rig.clock.advance(500);
    await untilSlate(rig, output);
    rig.report({ state: 'live' });
    rig.show('one');
    await settle();
    expect(rig.bodies(output).at(-1)).toBe('one');
  });

  it('shows no slate for a recovery that takes no time', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    const output = await rig.watch();
    rig.report({ state: 'recovering', message: 'The screen capture restarts.' });
    rig.clock.advance(400);
    rig.report({ state: 'live' });
    rig.show('two');
    rig.clock.advance(5000);
    await settle();
    expect(rig.bodies(output)).not.toContain('slate');
  });

  it('tells viewers at once that the capture failed, those that come later too', async () => {
    const rig = createRig();
    const output = await rig.watch();
    rig.report({ state: 'failed', message: 'No picture from the screen: it is gone.' });
    rig.clock.advance(0);
    await untilSlate(rig, output);
    expect(rig.bodies(await rig.watch('viewer_2'))).toEqual(['slate']);
  });

  it('says that the screen is locked, and goes on only when nothing else pauses it', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    rig.session.setPaused(true, 'lock');
    rig.session.setPaused(true, 'choice');
    rig.session.setPaused(false, 'lock');
    rig.session.setPaused(true, 'lock');
    rig.session.setPaused(false, 'choice');
    expect(rig.source.captures).toHaveLength(1);
    rig.session.setPaused(false, 'lock');
    expect(rig.source.captures).toHaveLength(2);
    const locked = { state: 'paused', message: 'Paused: the screen is locked.' };
    expect(rig.statuses.slice(2)).toEqual([
      locked,
      locked,
      { state: 'paused' },
      locked,
      locked,
      { state: 'starting' },
    ]);
  });

  it('captures nothing if it begins on a locked screen', async () => {
    const rig = createRig({ isLocked: true });
    expect(rig.source.captures).toHaveLength(0);
    const output = await rig.watch();
    rig.clock.advance(0);
    await untilSlate(rig, output);
    rig.session.setPaused(false, 'lock');
    expect(rig.source.captures).toHaveLength(1);
    expect(rig.capture().demand).toBe('watched');
  });

  it('captures nothing while paused, and goes on afterwards', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    const output = await rig.watch();
    rig.session.setPaused(true);
    rig.session.setPaused(true);
    expect(rig.capture().closed).toBe(true);
    expect(await rig.session.snapshot(1000)).toBeNull();
    rig.clock.advance(0);
    await untilSlate(rig, output);
    rig.session.setPaused(false);
    expect(rig.source.captures).toHaveLength(2);
    expect(rig.capture().demand).toBe('watched');
    rig.report({ state: 'live' });
    rig.show('two');
    await settle();
    expect(rig.bodies(output).at(-1)).toBe('two');
    expect(rig.statuses.map(({ state }) => state)).toEqual([
      'starting',
      'live',
      'paused',
      'starting',
      'live',
    ]);
  });

  it('keeps its viewers, and the order of their parts, when another source is chosen', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    const output = await rig.watch();
    rig.session.update({ sourceId: 'screen:2', quality: 'low' });
    expect(rig.capture(0).closed).toBe(true);
    expect(rig.capture().request).toEqual({ sourceId: 'screen:2', quality: 'low' });
    rig.report({ state: 'live' });
    rig.show('two');
    await settle();
    const sequences = readParts(output.taken).parts.map(({ headers }) => headers['X-Sequence']);
    expect(sequences).toEqual(['1', '2']);
    expect(rig.session.state()).toMatchObject({ quality: 'low', sourceId: 'screen:2' });
  });

  it('waits for a first picture when a snapshot is asked for, but not for ever', async () => {
    const rig = createRig();
    const waiting = rig.session.snapshot(1000);
    rig.report({ state: 'live' });
    rig.show('one');
    expect((await waiting)?.jpeg.toString()).toBe('one');
    rig.report({ state: 'failed', message: 'No picture.' });
    const inVain = rig.session.snapshot(1000);
    rig.clock.advance(1000);
    expect(await inVain).toBeNull();
  });

  it('leaves nobody with a picture that looks live: not at the end, and not who is sent away', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    const [kicked, last] = [await rig.watch('viewer_1'), await rig.watch('viewer_2')];
    rig.session.kick('viewer_1');
    await untilSlate(rig, kicked);
    rig.show('two');
    await settle();
    await rig.session.close();
    // Twice, for players that show a picture when the next one comes.
    expect(rig.bodies(kicked)).toEqual(['one', 'slate', 'slate']);
    expect(rig.bodies(last)).toEqual(['one', 'two', 'slate', 'slate']);
    expect([kicked, last].map((output) => readParts(output.taken).isClosed)).toEqual([true, true]);
  });

  it('says that the shared window is gone to whoever was not told of it before the end', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    const output = await rig.watch();
    rig.report({ state: 'gone', message: 'The shared window was closed.' });
    await rig.session.close();
    expect(rig.bodies(output)).toEqual(['one', 'slate', 'slate']);
    const told = await renderSlate('The shared window was closed.', { widthPx: 64, heightPx: 36 });
    expect(readParts(output.taken).parts.at(-1)?.body.equals(told)).toBe(true);
  });

  it('is closed when those who were sent away have taken the end, too', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    const output = await rig.watch();
    output.setOpen(false);
    rig.session.kick('viewer_1');
    let isClosed = false;
    const closing = rig.session.close().then(() => {
      isClosed = true;
    });
    await settle();
    expect(isClosed).toBe(false);
    output.setOpen(true);
    await closing;
    expect(rig.bodies(output)).toEqual(['one', 'slate', 'slate']);
  });

  it('ends every viewer and whoever waits, and leaves nothing behind', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    rig.show('one');
    const outputs = [await rig.watch('viewer_1'), await rig.watch('viewer_2')];
    rig.report({ state: 'recovering', message: 'It restarts.' });
    const waiting = rig.session.snapshot(60_000);
    await Promise.all([rig.session.close(), rig.session.close()]);
    expect(await waiting).toBeNull();
    expect(outputs.map((output) => readParts(output.taken).isClosed)).toEqual([true, true]);
    expect(rig.left).toEqual([
      ['viewer_1', 'ended'],
      ['viewer_2', 'ended'],
    ]);
    expect(rig.capture().closed).toBe(true);
    expect(rig.clock.pendingTimers).toBe(0);
  });

  it('sums up the figures of viewers that left', async () => {
    const rig = createRig();
    rig.report({ state: 'live' });
    const output = await rig.watch();
    rig.show('one');
    await settle();
    output.destroy();
    await settle();
    await rig.watch('viewer_2');
    expect(rig.session.state()).toMatchObject({ framesDelivered: 2, bytesDelivered: 6, framesDropped: 0 });
    expect(rig.session.state().viewers).toMatchObject([{ viewerId: 'viewer_2', frames: 1, parts: 1 }]);
  });

  it('kicks the viewer that is meant', async () => {
    const rig = createRig();
    await rig.watch('viewer_1');
    await rig.watch('viewer_2');
    expect(rig.session.kick('viewer_3')).toBe(false);
    expect(rig.session.kick('viewer_2')).toBe(true);
    expect(rig.left).toEqual([['viewer_2', 'kicked']]);
    expect(rig.session.holders().length).toBe(1);
  });

  it('takes no viewer that has left already', async () => {
    const rig = createRig();
    const output = new GatedOutput();
    output.destroy();
    rig.session.addViewer(
      'viewer_1',
      { output, framing: STANDARD_FRAMING, heldBytes: () => null, isAdaptive: false },
      INFO,
    );
    await settle();
    expect(rig.joined).toEqual([]);
    expect(rig.left).toEqual([]);
    expect(rig.capture().demand).toBe('unwatched');
  });

  it('films at the full rate, through pauses and other pictures, until it ends', () => {
    const { session, capture, source } = createRig();
    const { sink, notes } = notingSink();
    const film = session.film(sink);
    expect(capture().demand).toBe('watched');
    capture().films[0]?.sink.onPiece(Buffer.from('one'), () => undefined);
    film.setPaused(true);
    expect(capture().demand).toBe('unwatched');
    expect(capture().films[0]?.paused).toBe(true);
    film.setPaused(false);
    session.setPaused(true);
    expect(capture()).toMatchObject({ closed: true });
    session.setPaused(false);
    session.update({ sourceId: null, quality: 'low' });
    expect(source.captures).toHaveLength(3);
    expect(capture().demand).toBe('watched');
    expect(notes).toEqual(['stream', 'one', 'stream', 'stream']);
    void session.close();
    expect(notes.at(-1)).toBe('end');
  });

  it('shows viewers why it ends before it is to end', async () => {
    const rig = createRig();
    const output = await rig.watch();
    rig.report({ state: 'live' });
    rig.show('one');
    rig.report({ state: 'gone', message: 'The shared window was closed.' });
    rig.clock.advance(0);
    await untilSlate(rig, output);
    expect(rig.gone).toEqual([]);
    rig.clock.advance(1500);
    expect(rig.gone).toEqual(['The shared window was closed.']);
  });

  it('goes on if it was given something else to show in time', async () => {
    const rig = createRig();
    rig.report({ state: 'gone', message: 'The shared window was closed.' });
    rig.session.update({ sourceId: 'screen:1:0', quality: 'medium' });
    rig.clock.advance(60_000);
    expect(rig.gone).toEqual([]);
    rig.report({ state: 'gone', message: 'The shared window was closed.' });
    await rig.session.close();
    rig.clock.advance(60_000);
    expect(rig.gone).toEqual([]);
  });
});
