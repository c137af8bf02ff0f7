import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { startRig } from './support/stream-rig.ts';

const FRAME_BYTES = 30_000;
const FRAMES = 25;

/** Notes the numbers of the pictures that come over a connection, without keeping them. */
function noteSequences(socket: { on(event: 'data', listener: (chunk: Buffer) => void): unknown }): number[] {
  const sequences: number[] = [];
  let rest = '';
  socket.on('data', (chunk) => {
    const text = rest + chunk.toString('latin1');
    const found = [...text.matchAll(/X-Sequence: (\d+)\r\n/g)];
    sequences.push(...found.map(([, number]) => Number(number)));
    // A header may come in two pieces.
    const end = (found.at(-1)?.index ?? -40) + 40;
    rest = text.slice(Math.max(end, text.length - 40));
  });
  return sequences;
}

const numbersUpTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('a stream with many viewers', () => {
  it.each([1, 20, 200])(
    'gives every one of %i each picture, and captures for all as for one',
    async (count) => {
      const { capture, open, show, service } = await startRig({
        maxViewersPerSession: 200,
        clock: new ManualClock(),
      });
      const viewers = Array.from({ length: count }, () => open());
      const seen = viewers.map(({ socket }) => noteSequences(socket));
      await expect.poll(() => service.viewers().length).toBe(count);
      for (let frame = 1; frame <= FRAMES; frame++) {
        show(FRAME_BYTES);
        await expect
          .poll(() => seen.every((numbers) => numbers.at(-1) === frame), { interval: 2 })
          .toBe(true);
      }
      for (const numbers of seen) expect(numbers).toEqual(numbersUpTo(FRAMES));
      expect(service.viewers().every(({ frames, drops }) => frames === FRAMES && drops === 0)).toBe(true);
      expect(capture.demands).toEqual(['watched']);
      for (const { socket } of viewers) socket.destroy();
      await expect.poll(() => service.viewers()).toEqual([]);
      expect(capture.demands).toEqual(['watched', 'unwatched']);
    },
  );

  it('lets those that stop, crawl and leave cost nobody a picture, nor themselves more than one', async () => {
    const { open, show, service, responses } = await startRig({
      maxViewersPerSession: 200,
      clock: new ManualClock(),
    });
    const readers = Array.from({ length: 60 }, () => open());
    const seen = readers.map(({ socket }) => noteSequences(socket));
    const others = Array.from({ length: 60 }, () => open());
    await expect.poll(() => service.viewers().length).toBe(120);
    const [stopped, leaving] = [others.slice(0, 30), others.slice(30)];
    for (const { socket } of stopped) socket.pause();
    const late = stopped.map(({ socket }) => noteSequences(socket));
    // Listening makes a socket flow.
    for (const { socket } of stopped) socket.pause();

    const large = 400_000;
    for (let frame = 1; frame <= FRAMES; frame++) {
      show(large);
      leaving[frame]?.socket.destroy();
      // One that crawls: a little now and then.
      if (frame % 5 === 0) stopped[0]?.socket.read(1000);
      await expect.poll(() => seen.every((numbers) => numbers.at(-1) === frame), { interval: 2 }).toBe(true);
    }
    for (const numbers of seen) expect(numbers).toEqual(numbersUpTo(FRAMES));
    expect(responses.every(({ writableLength }) => writableLength < large + 1000)).toBe(true);
    const held = service.viewers().filter(({ frames }) => frames < FRAMES);
    expect(held.length).toBeGreaterThanOrEqual(stopped.length);
    for (const { socket } of stopped) socket.resume();
    await expect.poll(() => late.every((numbers) => numbers.at(-1) === FRAMES)).toBe(true);
    for (const numbers of late) {
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      expect(numbers.length).toBeLessThan(FRAMES);
    }
  });

  it('sends a picture that looks as the last one to nobody', async () => {
    const { capture, watch, show, service } = await startRig({ clock: new ManualClock() });
    const seen = [await watch(), await watch()].map(({ socket }) => noteSequences(socket));
    show();
    const jpeg = Buffer.alloc(2000, 1);
    for (let look = 0; look < 5; look++)
      capture.observer.onFrame({ jpeg: Buffer.from(jpeg), widthPx: 64, heightPx: 36, capturedAtMs: look });
    capture.observer.onUnchanged(100, 5);
    show();
    await expect.poll(() => seen.map((numbers) => numbers.at(-1))).toEqual([2, 2]);
    expect(service.viewers()).toMatchObject([
      { frames: 2, parts: 2 },
      { frames: 2, parts: 2 },
    ]);
    expect(service.totals().framesCaptured).toBe(107);
  });
});
