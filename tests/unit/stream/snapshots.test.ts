import { describe, expect, it } from 'vitest';
import type { PictureMaker, PictureWish } from '../../../src-main/stream/picture.ts';
import { Snapshots } from '../../../src-main/stream/snapshots.ts';
import { settle } from '../../fakes/gated-output.ts';
import { ManualClock } from '../../fakes/manual-clock.ts';

const FRAME = { jpeg: Buffer.from('a frame'), widthPx: 640 };
const wish = (widthPx: number): PictureWish => ({ widthPx, format: 'jpeg', quality: null });

/** A maker that takes as long as the test wants. */
class SlowMaker implements PictureMaker {
  readonly wishes: PictureWish[] = [];
  finish: (result?: Error) => void = () => {};

  make(_jpeg: Uint8Array, wanted: PictureWish): Promise<Buffer> {
    this.wishes.push(wanted);
    return new Promise((resolve, reject) => {
      this.finish = (error) => (error ? reject(error) : resolve(Buffer.from(`${wanted.widthPx}`)));
    });
  }
}

function createRig() {
  const clock = new ManualClock();
  const maker = new SlowMaker();
  return { clock, maker, snapshots: new Snapshots(maker, clock) };
}

describe('snapshots', () => {
  it('hands out the frame itself where nothing else is wished for', async () => {
    const { maker, snapshots } = createRig();
    const plain = { widthPx: null, format: 'jpeg', quality: null } as const;
    expect(await snapshots.take(FRAME, plain, null)).toBe(FRAME.jpeg);
    expect(await snapshots.take(FRAME, wish(640), null)).toBe(FRAME.jpeg);
    expect(await snapshots.take(FRAME, wish(4000), null)).toBe(FRAME.jpeg);
    expect(maker.wishes).toEqual([]);
  });

  it('makes one at a time, and rests as long as the last one took', async () => {
    const { clock, maker, snapshots } = createRig();
    const first = snapshots.take(FRAME, wish(100), null);
    const second = snapshots.take(FRAME, wish(200), null);
    await settle();
    expect(maker.wishes).toEqual([wish(100)]);
    clock.advance(300);
    maker.finish();
    expect((await first).toString()).toBe('100');
    clock.advance(299);
    await settle();
    expect(maker.wishes).toHaveLength(1);
    clock.advance(1);
    await settle();
    expect(maker.wishes).toEqual([wish(100), wish(200)]);
    maker.finish();
    expect((await second).toString()).toBe('200');
  });

  it('keeps the last few pictures of a frame, and none that failed', async () => {
    const { clock, maker, snapshots } = createRig();
    const take = async (widthPx: number, error?: Error): Promise<Buffer> => {
      const taken = snapshots.take(FRAME, wish(widthPx), null);
      taken.catch(() => undefined);
      await settle();
      maker.finish(error);
      await settle();
      clock.advance(0);
      await settle();
      return taken;
    };
    for (const widthPx of [100, 101, 102, 103]) await take(widthPx);
    await take(100);
    expect(maker.wishes).toHaveLength(4);
    await take(104);
    await take(100);
    expect(maker.wishes.map(({ widthPx }) => widthPx)).toEqual([100, 101, 102, 103, 104, 100]);
    await expect(take(105, new Error('no'))).rejects.toThrow('no');
    await take(105);
    expect(maker.wishes.at(-1)).toEqual(wish(105));
    expect(maker.wishes).toHaveLength(8);
  });
});
