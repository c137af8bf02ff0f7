import sharp from 'sharp';
import {
  DEFAULT_PICTURE_QUALITY,
  type PictureMaker,
  type PictureWish,
} from '../../src-main/stream/picture.ts';

/** Makes pictures at once, in this process, and notes what it was asked for. */
export class DirectPictureMaker implements PictureMaker {
  readonly wishes: PictureWish[] = [];
  /** What each picture waits for. */
  hold: Promise<unknown> = Promise.resolve();

  async make(jpeg: Uint8Array, wish: PictureWish): Promise<Buffer> {
    this.wishes.push(wish);
    await this.hold;
    const { widthPx, format } = wish;
    const quality = wish.quality ?? DEFAULT_PICTURE_QUALITY;
    const picture = sharp(jpeg).resize(widthPx === null ? {} : { width: widthPx });
    return (format === 'png' ? picture.png() : picture[format]({ quality })).toBuffer();
  }
}
