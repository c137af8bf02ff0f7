import { PIXEL_KERNEL_WASM } from './pixel-kernel-wasm.ts';

/** Pixels that are converted at a time: rows have to have room for a multiple of them. */
export const PIXELS_PER_BLOCK = 16;
const WASM_PAGE_BYTES = 64 * 1024;

/** What turns one row of planar YUV into BGRX. The first four are byte offsets in the kernel's memory. */
type ConvertRow = (
  y: number,
  u: number,
  v: number,
  out: number,
  blocks: number,
  ...matrix: readonly number[]
) => void;

/**
 * Not 0 if any of `rows` rows of `width` bytes, a multiple of 8, is not the same at two places in the kernel's memory,
 * with `stride` bytes from one row to the next.
 */
type Differs = (a: number, b: number, stride: number, width: number, rows: number) => number;

/** Memory that holds pictures, and code that works on them, four to sixteen samples at a time. */
export interface PixelKernel {
  readonly memory: ArrayBuffer;
  readonly differs: Differs;
  readonly convertRow: ConvertRow;
}

let compiled: WebAssembly.Module | null = null;

/** A kernel with room for at least `byteLength` bytes, all zero. */
export function createPixelKernel(byteLength: number): PixelKernel {
  compiled ??= new WebAssembly.Module(Buffer.from(PIXEL_KERNEL_WASM, 'base64'));
  const pages = Math.ceil(byteLength / WASM_PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const { exports } = new WebAssembly.Instance(compiled, { memory: { pixels: memory } });
  return {
    memory: memory.buffer,
    differs: exports.differs as Differs,
    convertRow: exports.convertRow as ConvertRow,
  };
}

interface Weights {
  readonly rv: number;
  readonly gu: number;
  readonly gv: number;
  readonly bu: number;
}

// ITU-R BT.601, BT.709 and BT.2020 for samples of full range.
const BT601: Weights = { rv: 1.402, gu: -0.344136, gv: -0.714136, bu: 1.772 };
const WEIGHTS: Readonly<Record<string, Weights>> = {
  bt470bg: BT601,
  smpte170m: BT601,
  bt709: { rv: 1.5748, gu: -0.187324, gv: -0.468124, bu: 1.8556 },
  'bt2020-ncl': { rv: 1.4746, gu: -0.164553, gv: -0.571353, bu: 1.8814 },
};

/** The part of a WebCodecs colour space that matters here; TypeScript's types lack some of the names. */
export interface ColorSpace {
  readonly matrix?: string | null;
  readonly fullRange?: boolean | null;
}

/**
 * The last arguments of `convertRow` for pictures of this colour space, BT.601 where it is not known: what is
 * subtracted from luma, and the weights in the units that pixel-kernel.wat explains.
 */
export function conversionMatrix({ matrix, fullRange }: ColorSpace): readonly number[] {
  const weights = WEIGHTS[matrix ?? ''] ?? BT601;
  // Luma of limited range goes from 16 to 235 and chroma from 16 to 240.
  const [offset, lumaScale, chromaScale] = fullRange ? [0, 1, 1] : [16, 255 / 219, 255 / 224];
  const chroma = [weights.rv, weights.gu, weights.gv, weights.bu];
  return [
    offset,
    Math.round((lumaScale / 2) * 2 ** 15),
    ...chroma.map((weight) => Math.round(((weight * chromaScale) / 4) * 2 ** 15)),
  ];
}
