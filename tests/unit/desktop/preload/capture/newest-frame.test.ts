import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { NewestFrame } from '../../../../../src-main/desktop/preload/capture/newest-frame.ts';
import { settle } from '../../../../fakes/gated-output.ts';

let source: ReadableStreamDefaultController<VideoFrame>;
let closed: number[];
let pace: { room: boolean; intervalMs: number };
let newest: NewestFrame;

/** Sends a frame that is known by `name`, and waits until it was read. */
async function send(name: number): Promise<void> {
  source.enqueue({ name, close: () => closed.push(name) } as unknown as VideoFrame);
  await settle();
}

/** What comes next, as far as it has by now: a frame's name, `null` at the end. */
function ask(): { readonly got: readonly unknown[] } {
  const got: unknown[] = [];
  newest.next().then(
    (frame) => got.push(frame ? (frame as unknown as { name: number }).name : null),
    (error: unknown) => got.push(error),
  );
  return { got };
}

async function pass(ms: number): Promise<void> {
  vi.advanceTimersByTime(ms);
  await settle();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
  const stream = new ReadableStream<VideoFrame>({
    start: (controller) => {
      source = controller;
    },
  });
  closed = [];
  pace = { room: true, intervalMs: 0 };
  newest = new NewestFrame(stream.getReader(), {
    hasRoom: () => pace.room,
    intervalMs: () => pace.intervalMs,
  });
});
afterEach(() => {
  newest.close();
  vi.useRealTimers();
});

describe('newestFrame', () => {
  it('gives a frame at once, and waits for the next', async () => {
    await send(1);
    const first = ask();
    await settle();
    expect(first.got).toEqual([1]);
    const second = ask();
    await pass(10_000);
    expect(second.got).toEqual([]);
    await send(2);
    expect(second.got).toEqual([2]);
    expect(closed).toEqual([]);
  });

  it('keeps the last of those that come too soon until its time has come, and closes the others', async () => {
    pace.intervalMs = 1000;
    await send(1);
    ask();
    await pass(100);
    const next = ask();
    for (const name of [2, 3, 4]) await send(name);
    await pass(899);
    expect(next.got).toEqual([]);
    await pass(1);
    expect(next.got).toEqual([4]);
    expect(closed).toEqual([2, 3]);
  });

  it('looks anew at a pace that has become another', async () => {
    pace.intervalMs = 1000;
    await send(1);
    ask();
    await settle();
    const next = ask();
    await send(2);
    pace.intervalMs = 0;
    newest.onPace();
    await settle();
    expect(next.got).toEqual([2]);
  });

  it('keeps the newest while there is no room for it', async () => {
    pace.room = false;
    const next = ask();
    await send(1);
    await send(2);
    await pass(10_000);
    expect(next.got).toEqual([]);
    pace.room = true;
    newest.onPace();
    await settle();
    expect(next.got).toEqual([2]);
    expect(closed).toEqual([1]);
  });

  it('answers null at the end, and closes what nobody took', async () => {
    pace.room = false;
    await send(1);
    const next = ask();
    source.close();
    await settle();
    expect(next.got).toEqual([null]);
    expect(closed).toEqual([1]);
  });

  it('rejects when the capture fails', async () => {
    const next = ask();
    source.error(new Error('no pictures'));
    await settle();
    expect(next.got).toEqual([new Error('no pictures')]);
  });

  it('takes nothing after it was closed', async () => {
    await send(1);
    newest.close();
    const next = ask();
    await settle();
    expect(next.got).toEqual([null]);
    expect(closed).toEqual([1]);
  });
});
