import type { SnapshotFormat } from '#shared/stream-api';

/** How somebody wants a picture of the screen. */
export interface PictureWish {
  /** The largest width; nothing is scaled up. Null for the picture's own. */
  readonly widthPx: number | null;
  readonly format: SnapshotFormat;
  /** The encoder's, 1 to 100; null for {@link DEFAULT_PICTURE_QUALITY}. PNG has none. */
  readonly quality: number | null;
}

/** Where a wish names no quality: little is seen of the loss on text, which screens are full of. */
export const DEFAULT_PICTURE_QUALITY = 80;

/** Makes pictures of other sizes and formats out of frames. */
export interface PictureMaker {
  /**
   * A new picture, made from one complete JPEG, which is only read. Rejects if that is none, or if the maker is
   * closed or breaks down.
   */
  make(jpeg: Uint8Array, wish: PictureWish): Promise<Buffer>;
}
