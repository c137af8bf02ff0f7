import type { StreamPart } from './multipart-parser.ts';

/** The size of a picture in its own pixels. */
export interface PictureSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Told what becomes of the pictures. */
export interface PaintObserver {
  /** `picture` can be seen now. */
  onShown(picture: StreamPart): void;
  /** The first picture of this size can be seen now. */
  onSize(size: PictureSize): void;
  /** What came as a picture is none. */
  onFault(): void;
}

/** Where pictures are shown. */
export interface PictureScreen {
  show(picture: StreamPart): void;
}

/** Makes of a JPEG what can be drawn; rejects if it is none. */
export type DecodePicture = (jpeg: Uint8Array<ArrayBuffer>) => Promise<ImageBitmap>;

/** The browser's own decoder, which works off the page's thread. */
export const decodeInBrowser: DecodePicture = (jpeg) => createImageBitmap(new Blob([jpeg]));

/** While one picture is drawn the next is decoded already; more would only make them older. */
const MAX_DECODING = 2;

/**
 * Draws pictures onto a canvas, the newest first: one that comes while two are being decoded takes the place of the one
 * that waits, and one that was decoded later than its successor is not drawn. While nobody can see the page nothing is
 * drawn, but the newest picture is kept for when somebody can.
 */
export class FramePainter implements PictureScreen {
  readonly #observer: PaintObserver;
  readonly #decode: DecodePicture;
  #canvas: HTMLCanvasElement | null = null;
  #waiting: StreamPart | null = null;
  #decoding = 0;
  /** How many pictures were begun, and which of them was drawn last. */
  #begun = 0;
  #drawn = 0;
  #shown: StreamPart | null = null;
  #size: PictureSize = { widthPx: 0, heightPx: 0 };

  constructor(observer: PaintObserver, decode: DecodePicture = decodeInBrowser) {
    this.#observer = observer;
    this.#decode = decode;
  }

  /** The picture that can be seen now, or null before the first. */
  get shown(): StreamPart | null {
    return this.#shown;
  }

  /** Draws onto `canvas` from now on; null stops that. */
  attach(canvas: HTMLCanvasElement | null): void {
    this.#canvas = canvas;
    this.#size = { widthPx: 0, heightPx: 0 };
    this.#waiting ??= this.#shown;
    this.#paint();
  }

  show(picture: StreamPart): void {
    this.#waiting = picture;
    this.#paint();
  }

  /** Draws what was kept while the page could not be seen. */
  catchUp(): void {
    this.#paint();
  }

  #paint(): void {
    while (this.#waiting && this.#canvas && !document.hidden && this.#decoding < MAX_DECODING) {
      const picture = this.#waiting;
      this.#waiting = null;
      this.#begun += 1;
      this.#decoding += 1;
      const turn = this.#begun;
      this.#decode(picture.jpeg)
        .then(
          (bitmap) => this.#draw(picture, bitmap, turn),
          () => this.#observer.onFault(),
        )
        .finally(() => {
          this.#decoding -= 1;
          this.#paint();
        });
    }
  }

  #draw(picture: StreamPart, bitmap: ImageBitmap, turn: number): void {
    const canvas = this.#canvas;
    if (!canvas || turn < this.#drawn) {
      bitmap.close();
      return;
    }
    this.#drawn = turn;
    if (canvas.width !== bitmap.width) canvas.width = bitmap.width;
    if (canvas.height !== bitmap.height) canvas.height = bitmap.height;
    // The same picture in small takes up as much room, or everything would jump with the speed of the link.
    const size = picture.wholeSize ?? { widthPx: bitmap.width, heightPx: bitmap.height };
    const isNewSize = size.widthPx !== this.#size.widthPx || size.heightPx !== this.#size.heightPx;
    this.#size = size;
    canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(bitmap);
    this.#shown = picture;
    if (isNewSize) this.#observer.onSize(size);
    this.#observer.onShown(picture);
  }
}
