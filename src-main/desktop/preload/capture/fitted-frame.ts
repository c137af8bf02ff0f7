import type { FrameSize } from '#shared/presets';

/**
 * The picture of `frame` as it fits into a box, never larger than it is; belongs to the caller, as `frame` does still. Costs
 * more than what Chromium does by itself to the frames of a track: for one that is not to be waited for.
 */
export function fitFrame(
  frame: VideoFrame,
  box: { readonly maxWidthPx: number; readonly maxHeightPx: number },
): VideoFrame {
  const { widthPx, heightPx } = fitInto(
    { widthPx: frame.visibleRect?.width ?? 0, heightPx: frame.visibleRect?.height ?? 0 },
    box,
  );
  const canvas = new OffscreenCanvas(widthPx, heightPx);
  const context = canvas.getContext('2d', { alpha: false });
  if (!context) throw new Error('no canvas to scale a picture with');
  context.imageSmoothingQuality = 'high';
  context.drawImage(frame, 0, 0, widthPx, heightPx);
  return new VideoFrame(canvas, { timestamp: frame.timestamp });
}

/** Even sizes, as Chromium's own are, whose chroma stands for squares of two pixels. */
function fitInto(
  { widthPx, heightPx }: FrameSize,
  box: { readonly maxWidthPx: number; readonly maxHeightPx: number },
): FrameSize {
  const ratio = Math.min(1, box.maxWidthPx / widthPx, box.maxHeightPx / heightPx);
  const even = (px: number): number => Math.max(2, 2 * Math.floor((px * ratio) / 2));
  return { widthPx: even(widthPx), heightPx: even(heightPx) };
}
