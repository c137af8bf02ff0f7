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
    // Late, because an agent that is bundled for a test has no sharp beside it, and makes no picture either.
    const { default: sharp } = await import('sharp');
    const { widthPx, format } = wish;
    const quality = wish.quality ?? DEFAULT_PICTURE_QUALITY;
    const picture = sharp(jpeg).resize(widthPx === null ? {} : { width: widthPx });
    return (format === 'png' ? picture.png() : picture[format]({ quality })).toBuffer();
  }
}
