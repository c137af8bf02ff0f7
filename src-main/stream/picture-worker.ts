import { parentPort } from 'node:worker_threads';
import sharp from 'sharp';
import { DEFAULT_PICTURE_QUALITY, type PictureWish } from './picture.ts';
import type { PictureOrder, PictureResult } from './picture-order.ts';

// A thread of its own: what it is built with instead of sharp's native part, which does not go together with GTK, is
// WebAssembly that takes a hundred milliseconds to load, as long for a large picture, and 170 MB of memory.

/** Twice a screen of 8K; a picture that claims to be larger is not one of ours. */
const MAX_PIXELS = 2 * 7680 * 4320;
/** WebP at the default of 4 takes three times as long for a file that is no smaller on screens. */
const WEBP_EFFORT = 1;

// Orders come one at a time and are never the same twice.
sharp.cache(false);
sharp.concurrency(1);

parentPort?.on('message', ({ orderId, jpeg, wish }: PictureOrder) => {
  make(jpeg, wish).then(
    (picture) => answer({ orderId, picture }),
    (error: unknown) => answer({ orderId, failure: error instanceof Error ? error.message : String(error) }),
  );
});

function answer(result: PictureResult): void {
  parentPort?.postMessage(result);
}

async function make(jpeg: Uint8Array, { widthPx, format, quality }: PictureWish): Promise<Uint8Array> {
  const picture = sharp(jpeg, { limitInputPixels: MAX_PIXELS, failOn: 'error' });
  if (widthPx !== null) picture.resize({ width: widthPx, withoutEnlargement: true });
  if (format === 'png') picture.png();
  else if (format === 'webp')
    picture.webp({ quality: quality ?? DEFAULT_PICTURE_QUALITY, effort: WEBP_EFFORT });
  else picture.jpeg({ quality: quality ?? DEFAULT_PICTURE_QUALITY });
  return picture.toBuffer();
}
