// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest';
import { FramePainter, type PictureSize } from '../../../../src-renderer/view/frame-painter.ts';
import type { StreamPart } from '../../../../src-renderer/view/multipart-parser.ts';

interface Decoding {
  readonly jpeg: Uint8Array;
  finish(size?: { width: number; height: number }): Promise<void>;
  fail(): Promise<void>;
}

let decodings: Decoding[];
let shown: number[];
let sizes: PictureSize[];
let faults: number;
let closed: number;
let painter: FramePainter;

const picture = (sequence: number): StreamPart => ({
  jpeg: Uint8Array.of(sequence),
  capturedAtMs: null,
  sequence,
});
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

beforeEach(() => {
  decodings = [];
  shown = [];
  sizes = [];
  faults = 0;
  closed = 0;
  painter = new FramePainter(
    {
      onShown: ({ sequence }) => shown.push(sequence ?? 0),
      onSize: (size) => sizes.push(size),
      onFault: () => {
        faults += 1;
      },
    },
    (jpeg) =>
      new Promise((resolve, reject) => {
        const close = () => {
          closed += 1;
        };
        decodings.push({
          jpeg,
          finish: (size = { width: 64, height: 36 }) => {
            resolve({ ...size, close });
            return settle();
          },
          fail: () => {
            reject(new DOMException('no picture'));
            return settle();
          },
        });
      }),
  );
  painter.attach(document.createElement('canvas'));
});

describe('FramePainter', () => {
  it('decodes two at a time, and of those that wait the newest only', async () => {
    for (const sequence of [1, 2, 3, 4]) painter.show(picture(sequence));
    expect(decodings.map(({ jpeg }) => jpeg[0])).toEqual([1, 2]);
    await decodings[0]?.finish();
    expect(decodings.map(({ jpeg }) => jpeg[0])).toEqual([1, 2, 4]);
    await decodings[1]?.finish();
    await decodings[2]?.finish();
    expect(shown).toEqual([1, 2, 4]);
    expect(painter.shown?.sequence).toBe(4);
  });

  it('never goes back to an older picture that took longer', async () => {
    for (const sequence of [1, 2]) painter.show(picture(sequence));
    await decodings[1]?.finish();
    await decodings[0]?.finish();
    expect(shown).toEqual([2]);
    expect(closed).toBe(1);
  });

  it('tells of each new size once', async () => {
    for (const [sequence, width] of [64, 64, 128].entries()) {
      painter.show(picture(sequence));
      await decodings[sequence]?.finish({ width, height: 36 });
    }
    expect(sizes.map(({ widthPx }) => widthPx)).toEqual([64, 128]);
  });

  it('goes on after what was no picture', async () => {
    painter.show(picture(1));
    await decodings[0]?.fail();
    painter.show(picture(2));
    await decodings[1]?.finish();
    expect([faults, shown]).toEqual([1, [2]]);
  });

  it('draws nothing without a canvas, and the last picture again on a new one', async () => {
    painter.show(picture(1));
    await decodings[0]?.finish();
    painter.attach(null);
    painter.attach(document.createElement('canvas'));
    await decodings[1]?.finish();
    expect(shown).toEqual([1, 1]);
    expect(sizes).toHaveLength(2);
  });

  it('keeps the newest picture for when the page can be seen', async () => {
    let isHidden = true;
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => isHidden });
    for (const sequence of [1, 2, 3]) painter.show(picture(sequence));
    expect(decodings).toHaveLength(0);
    isHidden = false;
    painter.catchUp();
    await decodings[0]?.finish();
    expect(shown).toEqual([3]);
  });
});
