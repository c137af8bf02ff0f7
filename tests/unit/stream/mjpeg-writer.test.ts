import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StreamFrame } from '../../../src-main/stream/frame-hub.ts';
import { LinkPace } from '../../../src-main/stream/link-pace.ts';
import { MjpegWriter, type ViewerEnd } from '../../../src-main/stream/mjpeg-writer.ts';
import {
  BROWSER_FRAMING,
  BYTES_FRAMING,
  FIREFOX_FRAMING,
  STANDARD_FRAMING,
} from '../../../src-main/stream/part-framing.ts';
import { GatedOutput, settle } from '../../fakes/gated-output.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';
import { readParts } from '../../fakes/multipart.ts';

function makeFrame(sequence: number, bytes = 10): StreamFrame {
  const jpeg = Buffer.alloc(bytes, sequence % 256);
  return { kind: 'screen', sequence, jpeg, widthPx: 4, heightPx: 2, capturedAtMs: 1000 };
}

function createRig({ framing = STANDARD_FRAMING } = {}) {
  const clock = new ManualClock();
  const output = new GatedOutput({ highWaterMark: 1 });
  const delivered: { sequence: number; repeated: boolean }[] = [];
  const dropped: number[] = [];
  const ends: ViewerEnd[] = [];
  const link: { heldBytes: number | null } = { heldBytes: null };
  const writer = new MjpegWriter({
    output,
    framing,
    clock,
    settleMs: 50,
    pace: new LinkPace(clock, () => link.heldBytes),
    tiers: null,
    observer: {
      onDelivered: ({ sequence }, _bytes, repeated) => delivered.push({ sequence, repeated }),
      onDropped: ({ sequence }) => dropped.push(sequence),
      onEnd: (reason) => ends.push(reason),
    },
  });
  const sequences = (): number[] =>
    readParts(output.taken).parts.map(({ headers }) => Number(headers['X-Sequence']));
  return { clock, link, output, delivered, dropped, ends, writer, sequences };
}

describe('mjpegWriter', () => {
  it('frames a part with its type, length, wall time and number, and the delimiter right after it', async () => {
    const { writer, output } = createRig();
    writer.offer(makeFrame(7, 12));
    await settle();
    expect(output.taken.toString('latin1')).toBe(
      '--porthole\r\nContent-Type: image/jpeg\r\nContent-Length: 12\r\n' +
        `X-Timestamp: 1767225600.000000\r\nX-Sequence: 7\r\n\r\n${'\x07'.repeat(12)}\r\n--porthole`,
    );
  });

  it('begins the next part at once for a browser, and does not repeat the last picture early', async () => {
    const { writer, output, clock, delivered } = createRig({ framing: BROWSER_FRAMING });
    writer.offer(makeFrame(7, 12));
    await settle();
    const begin = '--porthole\r\nContent-Type: image/jpeg\r\n\r\n';
    expect(output.taken.toString('latin1')).toBe(`${begin}${'\x07'.repeat(12)}\r\n${begin}`);
    clock.advance(999);
    await settle();
    expect(delivered).toHaveLength(1);
    clock.advance(1);
    await settle();
    expect(delivered.at(-1)).toEqual({ sequence: 7, repeated: true });
    writer.end('ended', null);
    await settle();
    expect(output.taken.toString('latin1').endsWith(`\r\n${begin}\r\n--porthole--\r\n`)).toBe(true);
  });

  it('sends Firefox no more than it can paint, always the newest, and the last one soon', async () => {
    const { writer, clock, delivered, dropped } = createRig({ framing: FIREFOX_FRAMING });
    for (let sequence = 1; sequence <= 60; sequence++) {
      writer.offer(makeFrame(sequence));
      await settle();
      for (let ms = 0; ms < 16; ms++) {
        clock.advance(1);
        await settle();
      }
    }
    expect(delivered.length).toBeGreaterThan(28);
    expect(delivered.length).toBeLessThan(34);
    expect(delivered.length + dropped.length).toBeGreaterThanOrEqual(59);
    clock.advance(30);
    await settle();
    expect(delivered.at(-1)).toEqual({ sequence: 60, repeated: false });
    clock.advance(1000);
    await settle();
    expect(delivered.at(-1)).toEqual({ sequence: 60, repeated: true });
  });

  it('writes a part in one system call', async () => {
    const { writer, output } = createRig();
    await settle();
    output.writes = 0;
    writer.offer(makeFrame(1, 200_000));
    await settle();
    expect(output.writes).toBe(1);
  });

  it('skips all but the newest picture for a viewer that is still sending', async () => {
    const { writer, output, dropped, sequences } = createRig();
    await settle();
    output.setOpen(false);
    for (const sequence of [1, 2, 3, 4]) writer.offer(makeFrame(sequence));
    await settle();
    output.setOpen(true);
    await settle();
    expect(sequences()).toEqual([1, 4]);
    expect(dropped).toEqual([2, 3]);
  });

  it('holds no more than the part under way and one slice of it in the connection', async () => {
    const { writer, output } = createRig();
    await settle();
    output.setOpen(false);
    for (let sequence = 1; sequence <= 50; sequence++) writer.offer(makeFrame(sequence, 1_000_000));
    await settle();
    expect(output.writableLength).toBeLessThan(300_000);
  });

  it('repeats the last picture once soon after motion stops, then about once per second', async () => {
    const { writer, clock, delivered } = createRig();
    writer.offer(makeFrame(1));
    await settle();
    clock.advance(20);
    writer.offer(makeFrame(2));
    await settle();
    clock.advance(49);
    await settle();
    expect(delivered).toEqual([
      { sequence: 1, repeated: false },
      { sequence: 2, repeated: false },
    ]);
    clock.advance(1);
    await settle();
    expect(delivered.at(-1)).toEqual({ sequence: 2, repeated: true });
    for (let second = 0; second < 3; second++) {
      clock.advance(1000);
      await settle();
    }
    expect(delivered).toHaveLength(6);
  });

  it('does not repeat while the picture moves', async () => {
    const { writer, clock, delivered } = createRig();
    for (let sequence = 1; sequence <= 60; sequence++) {
      writer.offer(makeFrame(sequence));
      await settle();
      clock.advance(16);
    }
    expect(delivered.filter(({ repeated }) => repeated)).toEqual([]);
  });

  it('gives up on a viewer that takes nothing for 10 s', async () => {
    const { writer, output, clock, ends } = createRig();
    await settle();
    output.setOpen(false);
    writer.offer(makeFrame(1));
    clock.advance(9999);
    expect(ends).toEqual([]);
    clock.advance(1);
    expect(ends).toEqual(['stalled']);
    expect(output.destroyed).toBe(true);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is patient with a slow viewer that takes a slice now and then', async () => {
    const { writer, output, clock, ends, sequences } = createRig();
    await settle();
    output.setOpen(false);
    writer.offer(makeFrame(1, 1_000_000));
    for (let slices = 0; slices < 3; slices++) {
      clock.advance(8000);
      output.takeOnce();
      await settle();
    }
    expect(ends).toEqual([]);
    output.setOpen(true);
    await settle();
    expect(sequences()).toEqual([1]);
  });

  describe('over a slow link', () => {
    /** A rig whose first part had to wait for the system's buffers, which are as full as told. */
    async function createSlowRig() {
      const rig = createRig();
      await settle();
      rig.output.setOpen(false);
      rig.writer.offer(makeFrame(1, 200_000));
      await settle();
      rig.clock.advance(2000);
      rig.link.heldBytes = 195_000;
      rig.output.setOpen(true);
      await settle();
      return rig;
    }

    it('sends nothing more while it lags, and the newest picture once it has caught up', async () => {
      const { writer, clock, link, sequences } = await createSlowRig();
      for (let sequence = 2; sequence <= 20; sequence++) {
        clock.advance(33);
        writer.offer(makeFrame(sequence, 200_000));
        await settle();
      }
      expect(sequences()).toEqual([1]);
      link.heldBytes = 1000;
      clock.advance(1500);
      await settle();
      expect(sequences()).toEqual([1, 20]);
    });

    it('does not repeat a picture that has not arrived yet', async () => {
      const { clock, link, delivered } = await createSlowRig();
      for (let second = 0; second < 5; second++) {
        clock.advance(1000);
        await settle();
      }
      expect(delivered).toHaveLength(1);
      link.heldBytes = 0;
      clock.advance(1100);
      await settle();
      expect(delivered.at(-1)).toEqual({ sequence: 1, repeated: true });
    });

    it('gives up on a viewer at which nothing arrives for 10 s', async () => {
      const { writer, clock, link, ends } = await createSlowRig();
      for (const heldBytes of [190_000, 180_000]) {
        link.heldBytes = heldBytes;
        writer.offer(makeFrame(2, 200_000));
        clock.advance(8000);
        await settle();
      }
      expect(ends).toEqual([]);
      clock.advance(4000);
      expect(ends).toEqual(['stalled']);
      expect(clock.pendingTimers).toBe(0);
    });
  });

  it('forgets a viewer that leaves, at once and with its timer', async () => {
    const { writer, output, clock, ends } = createRig();
    writer.offer(makeFrame(1));
    await settle();
    output.destroy();
    await settle();
    expect(ends).toEqual(['left']);
    expect(clock.pendingTimers).toBe(0);
    writer.offer(makeFrame(2));
    writer.end('ended', null);
    expect(ends).toEqual(['left']);
  });

  it('takes a connection that fails for a viewer that left', async () => {
    const { output, ends } = createRig();
    output.destroy(new Error('reset'));
    await settle();
    expect(ends).toEqual(['left']);
  });

  it('says at once that a viewer left before it was answered', () => {
    const output = new GatedOutput();
    output.destroy();
    const ends: ViewerEnd[] = [];
    new MjpegWriter({
      output,
      framing: STANDARD_FRAMING,
      clock: new ManualClock(),
      settleMs: 50,
      pace: new LinkPace(new ManualClock(), () => null),
      tiers: null,
      observer: { onDelivered: () => {}, onDropped: () => {}, onEnd: (reason) => ends.push(reason) },
    });
    expect(ends).toEqual(['left']);
  });

  it('ends with the closing delimiter', async () => {
    const { writer, output, clock, ends } = createRig();
    writer.offer(makeFrame(1));
    await settle();
    writer.end('ended', null);
    await settle();
    expect(readParts(output.taken)).toMatchObject({ isClosed: true, parts: [{}], rest: Buffer.alloc(0) });
    expect(output.writableFinished).toBe(true);
    expect(ends).toEqual(['ended']);
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends an empty stream properly too', async () => {
    const { writer, output } = createRig();
    writer.end('ended', null);
    await settle();
    expect(readParts(output.taken)).toMatchObject({ isClosed: true, parts: [] });
  });

  it('finishes the part under way before it ends, without what waited behind it', async () => {
    const { writer, output, ends } = createRig();
    await settle();
    output.setOpen(false);
    writer.offer(makeFrame(1));
    writer.offer(makeFrame(2));
    writer.end('ended', null);
    expect(ends).toEqual(['ended']);
    output.setOpen(true);
    await settle();
    const body = readParts(output.taken);
    expect(body.isClosed).toBe(true);
    expect(body.parts).toHaveLength(1);
  });

  it('sends a last picture before the end, and says when all of it has gone', async () => {
    const { writer, output, clock, ends, delivered } = createRig({ framing: BYTES_FRAMING });
    writer.offer(makeFrame(1));
    await settle();
    let hasEnded = false;
    let giveFarewell = (_frame: StreamFrame | null): void => {};
    const farewell = new Promise<StreamFrame | null>((resolve) => {
      giveFarewell = resolve;
    });
    void writer.end('kicked', farewell).then(() => {
      hasEnded = true;
    });
    expect(ends).toEqual(['kicked']);
    writer.offer(makeFrame(2));
    await settle();
    expect(readParts(output.taken)).toMatchObject({ isClosed: false, parts: [{}] });
    expect(hasEnded).toBe(false);
    giveFarewell({ ...makeFrame(3), kind: 'slate' });
    await settle();
    const body = readParts(output.taken);
    expect(body.isClosed).toBe(true);
    expect(body.parts.map(({ headers }) => headers['X-Sequence'])).toEqual(['1', '3']);
    expect(hasEnded).toBe(true);
    expect(delivered).toHaveLength(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('finishes the part under way before the last picture', async () => {
    const { writer, output } = createRig();
    await settle();
    output.setOpen(false);
    writer.offer(makeFrame(1));
    void writer.end('ended', Promise.resolve({ ...makeFrame(2), kind: 'slate' }));
    await settle();
    output.setOpen(true);
    await settle();
    const body = readParts(output.taken);
    expect(body.isClosed).toBe(true);
    // The last one twice, for players that show a picture when the next one comes.
    expect(body.parts.map(({ headers }) => headers['X-Sequence'])).toEqual(['1', '2', '2']);
  });

  it.each([
    ['could not be painted', () => Promise.resolve(null)],
    ['failed', () => Promise.reject(new Error('no memory'))],
  ])('ends without a last picture that %s', async (_what, paint) => {
    const { writer, output, clock } = createRig();
    writer.offer(makeFrame(1));
    await settle();
    await writer.end('ended', paint());
    expect(readParts(output.taken)).toMatchObject({ isClosed: true, parts: [{}] });
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  it('does not wait for a last picture for more than 800 ms', async () => {
    const { writer, output, clock } = createRig();
    const ended = writer.end('ended', new Promise(() => {}));
    await settle();
    clock.advance(800);
    await Promise.all([ended, writer.end('kicked', null)]);
    expect(output.destroyed).toBe(true);
    await settle();
    expect(clock.pendingTimers).toBe(0);
  });

  it('cuts off whoever does not take the end within 800 ms', async () => {
    const { writer, output, clock, ends } = createRig();
    await settle();
    output.setOpen(false);
    writer.offer(makeFrame(1));
    writer.end('kicked', null);
    clock.advance(799);
    expect(output.destroyed).toBe(false);
    clock.advance(1);
    expect(output.destroyed).toBe(true);
    await settle();
    expect(ends).toEqual(['kicked']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('sends well-formed parts in rising order whatever the viewer does', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('offer' as const), bytes: fc.integer({ min: 0, max: 600_000 }) }),
      fc.record({ do: fc.constant('open' as const), open: fc.boolean() }),
      fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 1200 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { writer, output, clock, sequences, dropped, ends } = createRig();
        let offered = 0;
        for (const action of steps) {
          if (action.do === 'offer') writer.offer(makeFrame(++offered, action.bytes));
          else if (action.do === 'open') output.setOpen(action.open);
          else clock.advance(action.ms);
          await settle();
        }
        const isAlive = ends.length === 0;
        output.setOpen(true);
        await settle();
        await settle();
        const sent = sequences();
        expect(sent).toEqual([...sent].sort((a, b) => a - b));
        if (isAlive && offered > 0) {
          expect(sent.at(-1)).toBe(offered);
          expect(new Set(sent).size + dropped.length).toBe(offered);
        }
        writer.end('ended', null);
        await settle();
        await settle();
        clock.advance(1000);
        expect(clock.pendingTimers).toBe(0);
      }),
      { numRuns: 150 },
    );
  });
});
