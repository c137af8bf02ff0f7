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

/**
 * Draws pictures onto a canvas, the newest first: one that comes while another is being decoded takes the place of the
 * one that waits. Decoding happens off the page's own thread. While nobody can see the page nothing is drawn, but the
 * newest picture is kept for when somebody can.
 */
export class FramePainter implements PictureScreen {
  readonly #observer: PaintObserver;
  #canvas: HTMLCanvasElement | null = null;
  #waiting: StreamPart | null = null;
  #isBusy = false;
  #shown: StreamPart | null = null;
  #size: PictureSize = { widthPx: 0, heightPx: 0 };

  constructor(observer: PaintObserver) {
    this.#observer = observer;
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
    void this.#paint();
  }

  show(picture: StreamPart): void {
    this.#waiting = picture;
    void this.#paint();
  }

  /** Draws what was kept while the page could not be seen. */
  catchUp(): void {
    void this.#paint();
  }

  async #paint(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (this.#waiting && this.#canvas && !document.hidden) {
      const picture = this.#waiting;
      this.#waiting = null;
      await this.#draw(picture);
    }
    this.#isBusy = false;
  }

  async #draw(picture: StreamPart): Promise<void> {
    try {
      const bitmap = await createImageBitmap(new Blob([picture.jpeg]));
      const canvas = this.#canvas;
      if (!canvas) return bitmap.close();
      const size = { widthPx: bitmap.width, heightPx: bitmap.height };
      const isNewSize = size.widthPx !== this.#size.widthPx || size.heightPx !== this.#size.heightPx;
      if (isNewSize) {
        canvas.width = size.widthPx;
        canvas.height = size.heightPx;
        this.#size = size;
      }
      canvas.getContext('bitmaprenderer')?.transferFromImageBitmap(bitmap);
      this.#shown = picture;
      if (isNewSize) this.#observer.onSize(size);
      this.#observer.onShown(picture);
    } catch {
      this.#observer.onFault();
    }
  }
}
