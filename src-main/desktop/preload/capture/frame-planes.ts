/** Where one plane of a picture lies in its memory. `width` counts bytes. */
export interface FramePlane extends PlaneLayout {
  readonly width: number;
  readonly height: number;
  /** How many rows of the picture one row of this plane stands for. */
  readonly rowsPerRow: 1 | 2;
  /** What two neighbours of a row of the picture take of this plane. */
  readonly bytesPerPair: number;
}

/** A picture's planes, one after another. Rows have room for a multiple of 16 samples, which are worked on at once. */
export interface FramePlanes {
  readonly planes: readonly FramePlane[];
  readonly byteLength: number;
}

const ROW_ALIGNMENT_BYTES = 16;

interface PlaneShape {
  readonly halved: boolean;
  readonly bytesPerSample: number;
}

const LUMA: PlaneShape = { halved: false, bytesPerSample: 1 };
const CHROMA: PlaneShape = { halved: true, bytesPerSample: 1 };
const CHROMA_PAIRS: PlaneShape = { halved: true, bytesPerSample: 2 };
const PACKED: PlaneShape = { halved: false, bytesPerSample: 4 };

// https://www.w3.org/TR/webcodecs/#pixel-formats
const SHAPES = {
  I420: [LUMA, CHROMA, CHROMA],
  NV12: [LUMA, CHROMA_PAIRS],
  RGBA: [PACKED],
  RGBX: [PACKED],
  BGRA: [PACKED],
  BGRX: [PACKED],
} as const satisfies Record<string, readonly PlaneShape[]>;

/** A pixel format whose planes are known here. */
export type KnownFormat = keyof typeof SHAPES;

/** Whether {@link framePlanes} knows this format. Frames that live on a graphics card have none. */
export function isKnownFormat(format: string | null): format is KnownFormat {
  return format !== null && Object.hasOwn(SHAPES, format);
}

/** How to lay out a picture of this format and size. */
export function framePlanes(format: KnownFormat, widthPx: number, heightPx: number): FramePlanes {
  const planes: FramePlane[] = [];
  let offset = 0;
  for (const { halved, bytesPerSample } of SHAPES[format]) {
    const width = (halved ? Math.ceil(widthPx / 2) : widthPx) * bytesPerSample;
    const height = halved ? Math.ceil(heightPx / 2) : heightPx;
    const stride = Math.ceil(width / ROW_ALIGNMENT_BYTES) * ROW_ALIGNMENT_BYTES;
    planes.push({
      offset,
      stride,
      width,
      height,
      rowsPerRow: halved ? 2 : 1,
      bytesPerPair: halved ? bytesPerSample : 2 * bytesPerSample,
    });
    offset += stride * height;
  }
  return { planes, byteLength: offset };
}

/** The rows of `plane` that stand for the picture's rows from `topPx`, an even number, up to `bottomPx`. */
export function planeRows(
  plane: FramePlane,
  topPx: number,
  bottomPx: number,
): { top: number; bottom: number } {
  return {
    top: Math.min(plane.height, topPx / plane.rowsPerRow),
    bottom: Math.min(plane.height, Math.ceil(bottomPx / plane.rowsPerRow)),
  };
}

/** The bytes of a row of `plane` that stand for the columns from `leftPx`, an even number, up to `rightPx`. */
export function planeColumns(
  plane: FramePlane,
  leftPx: number,
  rightPx: number,
): { left: number; right: number } {
  return {
    left: Math.min(plane.width, (leftPx / 2) * plane.bytesPerPair),
    right: Math.min(plane.width, Math.ceil(rightPx / 2) * plane.bytesPerPair),
  };
}
