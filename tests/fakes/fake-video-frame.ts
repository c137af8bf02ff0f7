import type { PixelSource } from '../../src-main/desktop/preload/capture/tile-encoder.ts';

/** What {@link FakeVideoFrame.copies} notes of a call. */
export interface NotedCopy {
  readonly format: string;
  readonly topPx: number;
  readonly heightPx: number;
}

/** A picture that can be copied as WebCodecs' `VideoFrame` can, as I420, NV12 or BGRX; gray, unless `chroma` says more. */
export class FakeVideoFrame implements PixelSource {
  readonly colorSpace = { matrix: 'smpte170m', fullRange: true } as const;
  readonly visibleRect: { width: number; height: number };
  readonly copies: NotedCopy[] = [];

  constructor(
    readonly format: string | null,
    widthPx: number,
    heightPx: number,
    private readonly gray: (x: number, y: number) => number,
    private readonly chroma: (x: number, y: number, plane: 'u' | 'v') => number = () => 128,
  ) {
    this.visibleRect = { width: widthPx, height: heightPx };
  }

  async copyTo(destination: Uint8Array, options: VideoFrameCopyToOptions): Promise<void> {
    const format = options.format ?? this.format ?? 'none';
    const rect = options.rect ?? { x: 0, y: 0, ...this.visibleRect };
    const { y: topPx = 0, width = 0, height = 0 } = rect;
    this.copies.push({ format, topPx, heightPx: height });
    const [first, second, third] = options.layout ?? [];
    if (!first) throw new Error('no layout was given');
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = this.gray(x, topPx + y);
        if (format !== 'BGRX') destination[first.offset + y * first.stride + x] = value;
        else
          destination.fill(
            value,
            first.offset + y * first.stride + x * 4,
            first.offset + y * first.stride + x * 4 + 3,
          );
      }
    }
    if (format === 'BGRX') return;
    if (!second || (format === 'I420' && !third)) throw new Error('a plane has no layout');
    for (let y = 0; y < Math.ceil(height / 2); y++) {
      const row = second.offset + y * second.stride;
      for (let x = 0; x < Math.ceil(width / 2); x++) {
        const [u, v] = [this.chroma(x, y, 'u'), this.chroma(x, y, 'v')];
        if (third) {
          destination[row + x] = u;
          destination[third.offset + y * third.stride + x] = v;
        } else {
          destination.set([u, v], row + 2 * x);
        }
      }
    }
  }
}
