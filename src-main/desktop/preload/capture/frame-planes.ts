/** A run of bytes in a buffer. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

interface Plane {
  /** Rows of the picture to one row of this plane. */
  readonly rowsPerRow: 1 | 2;
}

const FULL: Plane = { rowsPerRow: 1 };
const HALVED: Plane = { rowsPerRow: 2 };

// https://www.w3.org/TR/webcodecs/#pixel-formats
const PLANES: Readonly<Record<string, readonly Plane[]>> = {
  I420: [FULL, HALVED, HALVED],
  NV12: [FULL, HALVED],
  RGBA: [FULL],
  RGBX: [FULL],
  BGRA: [FULL],
  BGRX: [FULL],
};

/** Whether {@link stripeRanges} knows how this pixel format lies in memory. */
export function isKnownFormat(format: string | null): format is string {
  return format !== null && Object.hasOwn(PLANES, format);
}

/**
 * Where the rows from `topPx` up to `bottomPx` of a picture lie in a copy of it, plane by plane. `layout` is what
 * `VideoFrame.copyTo` answered; both rows are even, or the last is the picture's end.
 */
export function stripeRanges(
  format: string,
  layout: readonly PlaneLayout[],
  topPx: number,
  bottomPx: number,
): ByteRange[] {
  return (PLANES[format] ?? []).map(({ rowsPerRow }, index) => {
    const plane = layout[index];
    if (!plane) throw new Error(`a ${format} picture came with ${layout.length} planes`);
    return {
      start: plane.offset + Math.floor(topPx / rowsPerRow) * plane.stride,
      end: plane.offset + Math.ceil(bottomPx / rowsPerRow) * plane.stride,
    };
  });
}
