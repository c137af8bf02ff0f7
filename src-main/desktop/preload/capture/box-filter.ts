import type { FramePlane } from './frame-planes.ts';

const EVEN_BYTES = 0x00ff00ff;

/** A plane of 8-bit samples and the picture's memory that it lies in. */
export interface SamplePlane {
  readonly memory: ArrayBuffer;
  readonly plane: FramePlane;
  /** Where the picture begins in `memory`, a multiple of 4. */
  readonly start: number;
}

/**
 * Fills the rows from `top` up to `bottom` of `target` with the means of blocks of `source`, each `factor` samples
 * wide and high, at most 16. Where the source ends within a block its last row or column counts again.
 */
export function shrinkRows(
  { memory, plane: source, start }: SamplePlane,
  { memory: targetMemory, plane: target, start: targetStart }: SamplePlane,
  factor: number,
  top: number,
  bottom: number,
): void {
  const words = source.stride / 4;
  const from = new Uint32Array(memory, start + source.offset, words * source.height);
  const to = new Uint8Array(targetMemory, targetStart + target.offset, target.stride * target.height);
  // Column sums of four samples at a time: the even ones in the two halves of one word, the odd ones in another's.
  const evenPairs = new Uint32Array(words);
  const oddPairs = new Uint32Array(words);
  const evens = new Uint16Array(evenPairs.buffer);
  const odds = new Uint16Array(oddPairs.buffer);
  const rounding = (factor * factor) >> 1;
  // A division by a small constant as a multiplication: exact, since no sum has more than 16 bits.
  const reciprocal = Math.ceil(2 ** 24 / (factor * factor)) / 2 ** 24;
  for (let row = top; row < bottom; row++) {
    evenPairs.fill(0);
    oddPairs.fill(0);
    for (let line = row * factor; line < (row + 1) * factor; line++) {
      const lineStart = Math.min(line, source.height - 1) * words;
      for (let word = 0; word < words; word++) {
        const four = from[lineStart + word] as number;
        evenPairs[word] = (evenPairs[word] as number) + (four & EVEN_BYTES);
        oddPairs[word] = (oddPairs[word] as number) + ((four >>> 8) & EVEN_BYTES);
      }
    }
    const rowStart = row * target.stride;
    // Blocks that lie within the source whole; there is at most one more.
    const whole = Math.min(target.width, Math.floor(source.width / factor));
    if (factor === 2) {
      for (let x = 0; x < whole; x++) {
        to[rowStart + x] = ((evens[x] as number) + (odds[x] as number) + 2) >> 2;
      }
    } else {
      for (let x = 0; x < whole; x++) {
        let sum = rounding;
        for (let column = x * factor; column < (x + 1) * factor; column++) {
          sum += (column & 1 ? odds[column >> 1] : evens[column >> 1]) as number;
        }
        to[rowStart + x] = sum * reciprocal;
      }
    }
    for (let x = whole; x < target.width; x++) {
      let sum = rounding;
      for (let column = x * factor; column < (x + 1) * factor; column++) {
        const inside = Math.min(column, source.width - 1);
        sum += (inside & 1 ? odds[inside >> 1] : evens[inside >> 1]) as number;
      }
      to[rowStart + x] = sum * reciprocal;
    }
  }
}
